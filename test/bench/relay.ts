import { join } from 'node:path'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { formatPosition } from '../../src/model/position.ts'
import { follow } from '../../src/registry/follow.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { freePort } from '../support/free-port.ts'
import { endpointsRecord } from '../support/records.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import type { BenchArguments } from './arguments.ts'
import { readTreeUsage } from './cpu.ts'
import { Crowd } from './crowd-process.ts'
import { proxyCore, root } from './peer.ts'
import { readRedisCost } from './redis-cost.ts'
import { type Sample, summarize } from './relay-rows.ts'
import type { BenchReport } from './report.ts'
import { listens, Stage } from './stage.ts'

const cluster = 'bench'
const token = 'bench-token-0123456789'
const followers = 1000
const warmUpChanges = 20

/** How many endpoints the slice has that changes. */
const cases = [1, 100]

interface Subject {
  readonly name: string
  /** Publishes once and waits until everyone has it. */
  change(publish: () => Promise<unknown>): Promise<{ lastAt: bigint; bytes: number | null }>
  /** Process tree whose CPU time counts. */
  readonly pid: number | undefined
}

/** Measures a relay with many followers, and beside it what one follower costs Redis by itself. */
export async function benchRelay(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  if (!hasRedis) throw new Error('Cannot run the bench: redis-server is not on PATH')
  const stage = new Stage(signal)
  const redis = await startRedis()
  const registry = new RedisRegistry({ url: redis.url, cluster, heads: anyHeads, random: systemRandom })
  try {
    const publisher = new Publisher({ writer: registry, cluster, clock: systemClock })
    await publisher.publish([slice(1, 0)], systemClock.now())
    const samples: Sample[] = []
    // The lone follower first: the relay goes on following until the stage is struck.
    for (const start of [() => oneFollower(redis), () => relayWithCrowd(stage, redis, registry)]) {
      const { subject, close } = await start()
      for (const endpoints of cases) {
        for (let round = 0; round <= options.rounds; round++) {
          signal.throwIfAborted()
          process.stderr.write(
            `${subject.name}, ${endpoints} endpoints: round ${round} of ${options.rounds}\n`,
          )
          const limit = round === 0 ? { changes: warmUpChanges } : { seconds: options.seconds }
          const sample = await measure(subject, endpoints, limit, redis, publisher)
          if (round > 0) samples.push(sample)
        }
      }
      await close()
    }
    return { bench: 'relay', rows: summarize(samples) }
  } finally {
    await registry.close()
    await stage.close()
    await redis.kill()
  }
}

async function measure(
  subject: Subject,
  endpoints: number,
  limit: { readonly changes?: number; readonly seconds?: number },
  redis: RedisServer,
  publisher: Publisher,
): Promise<Sample> {
  const usage = () => (subject.pid === undefined ? undefined : readTreeUsage(subject.pid))
  const before = { usage: usage(), redis: readRedisCost(redis), at: performance.now() }
  const micros: number[] = []
  let bytes: number | null = 0
  while (
    limit.changes === undefined
      ? performance.now() - before.at < (limit.seconds ?? 0) * 1000
      : micros.length < limit.changes
  ) {
    const startedAt = process.hrtime.bigint()
    const change = await subject.change(() =>
      publisher.publish([slice(endpoints, next++)], systemClock.now()),
    )
    micros.push(Number(change.lastAt - startedAt) / 1000)
    bytes = change.bytes === null || bytes === null ? null : bytes + change.bytes
  }
  const after = { usage: usage(), redis: readRedisCost(redis) }
  const cpu = (of: (usage: ReturnType<typeof readTreeUsage>) => number): number | null =>
    after.usage && before.usage ? (of(after.usage) - of(before.usage)) / micros.length : null
  return {
    case: `slice of ${endpoints} endpoints changes`,
    subject: subject.name,
    micros,
    userMicrosPerChange: cpu((used) => used.userMicros),
    systemMicrosPerChange: cpu((used) => used.systemMicros),
    bytesPerChange: bytes === null ? null : bytes / micros.length,
    rssBytes: after.usage?.rssBytes ?? null,
    redisCommandsPerChange: (after.redis.commands - before.redis.commands) / micros.length,
    redisBytesPerChange: (after.redis.bytesSent - before.redis.bytesSent) / micros.length,
  }
}

let next = 1

function slice(endpoints: number, turn: number) {
  const addresses = Array.from({ length: endpoints }, (_, index) => `10.${turn % 250}.${index}.${turn % 240}`)
  return endpointsRecord('shop/web/web-x7k2p', addresses)
}

async function relayWithCrowd(stage: Stage, redis: RedisServer, registry: RedisRegistry) {
  const [port, consolePort] = [await freePort(), await freePort()]
  const command = [join(root, 'node_modules/.bin/node'), join(root, 'workers/node/postern.ts'), 'relay']
  command.push('--redis', redis.url, '--cluster', cluster, '--token', token)
  command.push('--listen', `127.0.0.1:${port}`, '--console', `127.0.0.1:${consolePort}`)
  const pid = await stage.start('relay', proxyCore, command, listens('127.0.0.1', consolePort))
  const { after } = await registry.load(stage.signal)
  if (after === undefined) throw new Error('Cannot follow: the registry is empty')
  await relayIsReady(consolePort)
  const crowd = await Crowd.start({ port, token, count: followers, after: formatPosition(after.position) })
  const subject: Subject = {
    name: `relay, ${followers} followers`,
    pid,
    change: async (publish) => {
      const arrival = crowd.arrival()
      await publish()
      const { at, bytes } = await arrival
      return { lastAt: at, bytes }
    },
  }
  return { subject, close: async () => crowd.close() }
}

async function relayIsReady(consolePort: number): Promise<void> {
  while (!(await fetch(`http://127.0.0.1:${consolePort}/readyz`)).ok) await new Promise(setImmediate)
}

/** What a gateway does that reads Redis by itself. */
async function oneFollower(redis: RedisServer) {
  const reader = new RedisRegistry({ url: redis.url, cluster, heads: anyHeads, random: systemRandom })
  const stop = new AbortController()
  let onEntry = (): void => {}
  const loaded = Promise.withResolvers<void>()
  const following = follow({
    reader,
    signal: stop.signal,
    timers: systemTimers,
    random: systemRandom,
    onTrouble: (error) => loaded.reject(error),
    onLoad: () => loaded.resolve(),
    onChanges: () => onEntry(),
  })
  await loaded.promise
  const subject: Subject = {
    name: 'one follower on Redis',
    pid: undefined,
    change: async (publish) => {
      const arrived = new Promise<bigint>((resolve) => {
        onEntry = () => resolve(process.hrtime.bigint())
      })
      await publish()
      return { lastAt: await arrived, bytes: null }
    },
  }
  const close = async (): Promise<void> => {
    stop.abort()
    await following
    await reader.close()
  }
  return { subject, close }
}
