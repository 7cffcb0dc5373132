import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../../cluster/wait-for.ts'
import type { AgentProcess, ServingProcess } from '../../support/postern-process.ts'
import type { RedisServer } from '../../support/redis.ts'
import type { BenchCluster } from './cluster.ts'
import { runEvents } from './event-load.ts'
import { cpuMicrosOf, pidOf } from './measured-process.ts'
import { lastPublish, newsAfter, readTraffic } from './redis-traffic.ts'
import type { EventCost, Resync } from './rows.ts'
import type { WatchFeed } from './watch-feed.ts'

export const clusterName = 'bench'
/** How long a list of everything may take to be followed. */
export const startMs = 300_000

/** All parts of one size, running. */
export interface Parts {
  readonly cluster: BenchCluster
  readonly feed: WatchFeed
  readonly redis: RedisServer
  readonly agent: AgentProcess
  readonly gateway: ServingProcess
}

/** What events cost when nobody sends requests. */
export async function measureCost(
  { cluster, feed, redis, agent, gateway }: Parts,
  seconds: number,
  signal: AbortSignal,
): Promise<EventCost> {
  const pids = {
    agent: pidOf(agent),
    gateway: pidOf(gateway),
    redis: Number(/process_id:(\d+)/.exec(redis.cli('INFO', 'server'))?.[1]),
  }
  const read = () => ({
    traffic: readTraffic(redis),
    feedBytes: feed.sentBytes,
    agent: cpuMicrosOf(pids.agent),
    gateway: cpuMicrosOf(pids.gateway),
    redis: cpuMicrosOf(pids.redis),
  })
  const before = read()
  const events = await runEvents({ cluster, feed, seconds, signal }, undefined)
  // What is still under way belongs to them.
  await sleep(1000, undefined, { signal })
  const after = read()
  const per = (figure: (usage: ReturnType<typeof read>) => number) =>
    (figure(after) - figure(before)) / events
  return {
    feedBytesPerEvent: per(({ feedBytes }) => feedBytes),
    inputBytesPerEvent: per(({ traffic }) => traffic.inputBytes),
    outputBytesPerEvent: per(({ traffic }) => traffic.outputBytes),
    commandsPerEvent: per(({ traffic }) => traffic.commands),
    agentCpuMicrosPerEvent: per((usage) => usage.agent),
    gatewayCpuMicrosPerEvent: per((usage) => usage.gateway),
    redisCpuMicrosPerEvent: per((usage) => usage.redis),
  }
}

/** Has everything listed anew. Heartbeats go on meanwhile: they are in the bytes, and no news. */
export async function measureResync({ feed, redis }: Parts): Promise<Resync> {
  const [lists, watches] = [feed.lists, feed.watches]
  const before = readTraffic(redis)
  const last = lastPublish(redis, clusterName)
  const startedAt = performance.now()
  feed.expire()
  await waitFor(
    'every kind to be listed and watched again',
    () => ({ lists: feed.lists - lists, watches: feed.watches }),
    (now) => now.lists === watches && now.watches === watches,
    { timeoutMs: startMs },
  )
  const millis = performance.now() - startedAt
  // Longer than changes are gathered: what the lists led to has been written.
  await sleep(1000)
  return {
    millis,
    inputBytes: readTraffic(redis).inputBytes - before.inputBytes,
    newsCount: newsAfter(redis, clusterName, last),
  }
}
