import { setTimeout as after } from 'node:timers/promises'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import * as v from 'valibot'
import type { Random } from '../../model/clock.ts'
import { RegistryError } from '../port.ts'
import { parseRedisAddress, type RedisAddress } from './address.ts'
import { registryError } from './errors.ts'

/** PEM texts for `rediss`. */
export interface RedisTls {
  /** Authorities that are believed in place of the system's. */
  readonly ca?: string
  /** Our own certificate, where Redis asks for one. */
  readonly cert?: string
  readonly key?: string
}

export interface RedisConnectionOptions {
  /** As parseRedisAddress reads it. */
  readonly url: string
  readonly tls?: RedisTls
  readonly random: Random
}

const CONNECT_TIMEOUT_MS = 5_000
const COMMAND_TIMEOUT_MS = 5_000
const MIN_RECONNECT_MS = 50
const MAX_RECONNECT_MS = 2_000
/** Of a command that was sent to a node which no longer has its slot. */
const MAX_REDIRECTIONS = 4

/** One connection to Redis, made when it is first used, and again after it was lost. */
export class RedisConnection {
  readonly #address: RedisAddress
  readonly #options: Options
  readonly #commandTimeoutMs: number
  #redis: Redis | Cluster
  #isClosed = false
  /** Why there is no connection; ioredis tells it apart from the command that failed. */
  #trouble: string | undefined

  /** @throws Error when the URL is none */
  constructor(options: RedisConnectionOptions, commandTimeoutMs = COMMAND_TIMEOUT_MS) {
    const parsed = parseRedisAddress(options.url)
    if (!parsed.ok) throw new Error(`Cannot use the URL of Redis: ${parsed.reason}`)
    this.#address = parsed.address
    this.#options = optionsFor(parsed.address, options, commandTimeoutMs)
    this.#commandTimeoutMs = commandTimeoutMs
    this.#redis = this.#open()
  }

  /** @throws RegistryError saying what was being done */
  async call(action: string, command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const redis = this.#redis
    try {
      const reply = redis.call(command, [...args])
      return await (redis instanceof Cluster ? this.#inTime(reply) : reply)
    } catch (error) {
      const failure = registryError(action, error, this.#trouble)
      if (failure.code === 'unreachable') this.#replaceSpent(redis)
      throw failure
    }
  }

  /** The same, for a reply of a known shape. @throws RegistryError */
  async ask<T>(
    schema: v.GenericSchema<unknown, T>,
    action: string,
    command: string,
    ...args: readonly (string | number)[]
  ): Promise<T> {
    const reply = await this.call(action, command, ...args)
    const parsed = v.safeParse(schema, reply)
    if (parsed.success) return parsed.output
    const said = JSON.stringify(reply)?.slice(0, 80)
    throw new RegistryError('invalid', `Cannot ${action}: Redis answered ${command} with ${said}`)
  }

  /** Ends at once; commands under way are rejected. */
  close(): void {
    this.#isClosed = true
    this.#redis.disconnect()
  }

  #open(): Redis | Cluster {
    const { shape, nodes } = this.#address
    const redis = shape === 'cluster' ? openCluster(nodes, this.#options) : new Redis(this.#options)
    const note = (error: Error): void => {
      this.#trouble = error.message || ('code' in error ? String(error.code) : error.name)
    }
    redis.on('error', note)
    if (redis instanceof Cluster) redis.on('node error', note)
    redis.on('ready', () => {
      this.#trouble = undefined
    })
    return redis
  }

  /** A cluster's client holds commands back while it looks for the node of their slot, without end. */
  async #inTime(reply: Promise<unknown>): Promise<unknown> {
    const abort = new AbortController()
    const late = after(this.#commandTimeoutMs, undefined, { signal: abort.signal }).then(() => {
      throw new Error('Command timed out')
    })
    late.catch(() => {})
    return await Promise.race([reply, late]).finally(() => abort.abort())
  }

  /**
   * Clients that will not come back by themselves. One of a cluster learns of a new master only from a node that still
   * answers for the slot, or by sending a command again, which may have been carried out. One that was told of a fail-over
   * while it was asking who is master has ended for good.
   */
  #replaceSpent(redis: Redis | Cluster): void {
    const isSpent = redis instanceof Cluster || redis.status === 'end'
    if (!isSpent || redis !== this.#redis || this.#isClosed) return
    redis.disconnect()
    this.#redis = this.#open()
  }
}

/** Inferred, for ioredis has a type for single connections and another for those of a cluster's client. */
type Options = ReturnType<typeof optionsFor>

function openCluster(nodes: RedisAddress['nodes'], redisOptions: Options): Cluster {
  return new Cluster([...nodes], {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRedirections: MAX_REDIRECTIONS,
    // Never again by itself: whether a command was carried out is ours to find out.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    clusterRetryStrategy: () => null,
    redisOptions,
  })
}

function optionsFor(
  { shape, nodes, isTls, username, password, db, master, ...sentinel }: RedisAddress,
  { tls, random }: RedisConnectionOptions,
  commandTimeoutMs: number,
) {
  const backoffMs = (times: number): number =>
    Math.min(MAX_RECONNECT_MS, MIN_RECONNECT_MS * 2 ** times) * (0.5 + random() / 2)
  const [node] = nodes
  const secure = isTls && { tls: { ...tls } }
  return {
    lazyConnect: true,
    protocol: 2 as const,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    // A command that times out leaves its socket; one whose other end is gone without a word would be asked for ever.
    socketTimeout: commandTimeoutMs,
    // A command that may have been carried out is ours to repeat or not.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Its INFO needs a permission that followers need not have; a Redis that loads says so to every command.
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: backoffMs,
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...secure,
    ...(shape === 'single' && { ...node }),
    ...(shape === 'sentinel' && {
      sentinels: [...nodes],
      name: master,
      role: 'master' as const,
      // A master that was cut off may go on answering: the sentinels tell who it is now.
      failoverDetector: true,
      // Whoever was demoted says so to a write.
      reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
      sentinelRetryStrategy: backoffMs,
      sentinelCommandTimeout: commandTimeoutMs,
      ...(isTls && { enableTLSForSentinelMode: true, sentinelTLS: { ...tls } }),
      ...(sentinel.sentinelUsername !== undefined && { sentinelUsername: sentinel.sentinelUsername }),
      ...(sentinel.sentinelPassword !== undefined && { sentinelPassword: sentinel.sentinelPassword }),
    }),
  } satisfies RedisOptions
}
