import { Redis, type RedisOptions } from 'ioredis'
import * as v from 'valibot'
import type { Random } from '../../model/clock.ts'
import { RegistryError } from '../port.ts'
import { registryError } from './errors.ts'

export interface RedisConnectionOptions {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url: string
  readonly random: Random
}

const CONNECT_TIMEOUT_MS = 5_000
const COMMAND_TIMEOUT_MS = 5_000
const MIN_RECONNECT_MS = 50
const MAX_RECONNECT_MS = 2_000

/** One connection to Redis, made when it is first used, and again after it was lost. */
export class RedisConnection {
  readonly #redis: Redis
  /** Why there is no connection; ioredis tells it apart from the command that failed. */
  #trouble: string | undefined

  constructor({ url, random }: RedisConnectionOptions, commandTimeoutMs = COMMAND_TIMEOUT_MS) {
    const options = {
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
      retryStrategy: (times: number) =>
        Math.min(MAX_RECONNECT_MS, MIN_RECONNECT_MS * 2 ** times) * (0.5 + random() / 2),
    } satisfies RedisOptions
    this.#redis = new Redis(url, options)
    this.#redis.on('error', (error: Error) => {
      this.#trouble = error.message || ('code' in error ? String(error.code) : error.name)
    })
    this.#redis.on('ready', () => {
      this.#trouble = undefined
    })
  }

  /** @throws RegistryError saying what was being done */
  async call(action: string, command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#redis.call(command, [...args])
    } catch (error) {
      throw registryError(action, error, this.#trouble)
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
    this.#redis.disconnect()
  }
}
