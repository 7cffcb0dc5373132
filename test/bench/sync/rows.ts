import { type BenchRow, median, quantile, roundTo } from '../report.ts'
import type { Memory } from './measured-process.ts'

export interface EventCost {
  /** From the API server's stand-in to the agent. */
  readonly feedBytesPerEvent: number
  /** Into Redis: from the agent, and what followers ask. */
  readonly inputBytesPerEvent: number
  /** Out of Redis, to one gateway. */
  readonly outputBytesPerEvent: number
  readonly commandsPerEvent: number
  readonly agentCpuMicrosPerEvent: number
  readonly gatewayCpuMicrosPerEvent: number
  readonly redisCpuMicrosPerEvent: number
}

export interface Resync {
  readonly millis: number
  readonly inputBytes: number
  /** Publishes that changed a record. */
  readonly newsCount: number
}

export interface Start {
  /** From the start of the process to its first publish or table. */
  readonly millis: number
  /** Its CPU time until then. */
  readonly cpuMillis: number
  /** What it holds then. */
  readonly rssBytes: number
}

/** Everything that was measured at one size. */
export interface Figures {
  readonly agentStarts: readonly Start[]
  readonly gatewayStarts: readonly Start[]
  readonly cost: EventCost
  readonly routableMillis: readonly number[]
  readonly resync: Resync
  readonly agent: Memory
  readonly gateway: Memory
}

/** A row for each part, and for what they do together. */
export function rowsOf(services: number, figures: Figures): BenchRow[] {
  const { cost, resync, routableMillis } = figures
  const name = `${services} Services, watch feed`
  const round = (value: number) => roundTo(value, 0)
  const start = (starts: readonly Start[]) => ({
    startMillis: round(median(starts.map(({ millis }) => millis))),
    startCpuMillis: round(median(starts.map(({ cpuMillis }) => cpuMillis))),
    startRssBytes: median(starts.map(({ rssBytes }) => rssBytes)),
  })
  const memory = ({ rssBytes, peakRssBytes, heapBytes }: Memory) => ({ rssBytes, peakRssBytes, heapBytes })
  return [
    {
      case: name,
      subject: 'agent',
      ...start(figures.agentStarts),
      ...memory(figures.agent),
      cpuMicrosPerEvent: round(cost.agentCpuMicrosPerEvent),
      inputBytesPerEvent: round(cost.feedBytesPerEvent),
    },
    {
      case: name,
      subject: 'redis, 1 follower',
      cpuMicrosPerEvent: round(cost.redisCpuMicrosPerEvent),
      inputBytesPerEvent: round(cost.inputBytesPerEvent),
      outputBytesPerEvent: round(cost.outputBytesPerEvent),
      commandsPerEvent: roundTo(cost.commandsPerEvent, 2),
    },
    {
      case: name,
      subject: 'gateway',
      ...start(figures.gatewayStarts),
      ...memory(figures.gateway),
      cpuMicrosPerEvent: round(cost.gatewayCpuMicrosPerEvent),
    },
    {
      case: name,
      subject: 'event to request',
      p50Millis: roundTo(quantile(routableMillis, 0.5), 1),
      p99Millis: roundTo(quantile(routableMillis, 0.99), 1),
      maxMillis: roundTo(Math.max(...routableMillis), 1),
      samples: routableMillis.length,
    },
    {
      case: name,
      subject: 'unchanged resync',
      resyncMillis: round(resync.millis),
      redisInputBytes: resync.inputBytes,
      newsCount: resync.newsCount,
    },
  ]
}
