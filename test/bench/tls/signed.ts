import { systemClock, systemRandom, systemTimers } from '../../../src/model/clock.node.ts'
import { nodeDigest } from '../../../src/registry/digest.node.ts'
import { follow } from '../../../src/registry/follow.ts'
import type { HeadReader, HeadWriter } from '../../../src/registry/head.ts'
import type { StoredRecord } from '../../../src/registry/port.ts'
import { Publisher } from '../../../src/registry/publisher.ts'
import { RedisRegistry } from '../../../src/registry/redis/redis-registry.node.ts'
import { anyHeads } from '../../../src/registry/unsigned-heads.ts'
import { signedHeads, signer } from '../../support/keys.ts'
import { endpointsRecord, routeRecord, serviceRecord } from '../../support/records.ts'
import { hasRedis, type RedisServer, startRedis } from '../../support/redis.ts'
import type { BenchArguments } from '../arguments.ts'
import { type BenchRow, median, roundTo } from '../report.ts'
import { hostName } from '../workload.ts'

/** With a route, a Service and a slice for each. */
const services = 10_000

interface Variant {
  readonly name: string
  readonly heads: HeadReader
  readonly signer?: HeadWriter
}

const variants: readonly Variant[] = [
  { name: 'unsigned', heads: anyHeads },
  { name: 'signed', heads: signedHeads, signer },
]

/** The time from the first question to Redis until everything is there and fits its head, signed and not, in turns. */
export async function measureSigned(
  title: string,
  { rounds }: BenchArguments,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  if (!hasRedis) throw new Error('Cannot run the bench: redis-server is not on PATH')
  const redis = await startRedis()
  try {
    for (const variant of variants) await publish(redis, variant)
    const times = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
    for (let round = 0; round <= rounds; round++) {
      for (const variant of variants) {
        signal.throwIfAborted()
        const ms = await load(redis, variant)
        if (round > 0) times.get(variant.name)?.push(ms) // the first warms up
      }
    }
    const of = (name: string): number => median(times.get(name) ?? [])
    return variants.map(({ name }) => ({
      case: `${title}, ${3 * services} records`,
      subject: name,
      loadMs: roundTo(of(name), 0),
      overUnsignedMs: roundTo(of(name) - of('unsigned'), 0),
    }))
  } finally {
    await redis.kill()
  }
}

function registryOf(redis: RedisServer, { name, heads }: Variant): RedisRegistry {
  return new RedisRegistry({ url: redis.url, cluster: name, heads, random: systemRandom })
}

async function publish(redis: RedisServer, variant: Variant): Promise<void> {
  const registry = registryOf(redis, variant)
  const heads = variant.signer && { heads: variant.signer }
  const publisher = new Publisher({ writer: registry, cluster: variant.name, clock: systemClock, ...heads })
  await publisher.publish(records(), systemClock.now())
  await registry.close()
}

function records(): StoredRecord[] {
  return Array.from({ length: services }, (_, at) => [
    routeRecord(hostName(at), `ns/svc-${at}:80`),
    serviceRecord(`ns/svc-${at}:80`),
    endpointsRecord(`ns/svc-${at}/a`, ['127.0.0.1']),
  ]).flat()
}

async function load(redis: RedisServer, variant: Variant): Promise<number> {
  const registry = registryOf(redis, variant)
  const stop = new AbortController()
  const startedAt = performance.now()
  let passedMs = Number.NaN
  let trouble: Error | undefined
  await follow({
    reader: registry,
    signal: stop.signal,
    onLoad: (all) => {
      if (all.length === 3 * services) passedMs = performance.now() - startedAt
      stop.abort()
    },
    onChanges: () => {},
    onTrouble: (error) => {
      trouble = error
      stop.abort()
    },
    timers: systemTimers,
    random: systemRandom,
    digest: nodeDigest,
  })
  await registry.close()
  if (trouble !== undefined || Number.isNaN(passedMs))
    throw new Error(`Cannot load the ${variant.name} registry: ${trouble?.message ?? 'it is not whole'}`)
  return passedMs
}
