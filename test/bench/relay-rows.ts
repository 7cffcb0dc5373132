import { type BenchRow, median, roundTo } from './report.ts'

/** One measured round of one subject; null where there is nothing to measure. */
export interface Sample {
  readonly case: string
  readonly subject: string
  /** From the publish to the last follower, one a change. */
  readonly micros: readonly number[]
  readonly userMicrosPerChange: number | null
  readonly systemMicrosPerChange: number | null
  /** To all followers together. */
  readonly bytesPerChange: number | null
  readonly rssBytes: number | null
  /** With those of the publish itself. */
  readonly redisCommandsPerChange: number
  readonly redisBytesPerChange: number
}

/** One row for each case and subject: latencies over all changes, other figures as medians over the rounds. */
export function summarize(samples: readonly Sample[]): BenchRow[] {
  const groups = Map.groupBy(samples, (sample) => `${sample.case}\n${sample.subject}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const micros = group.flatMap((sample) => sample.micros).sort((a, b) => a - b)
    const of = (figure: (sample: Sample) => number | null, decimals = 0): number | null => {
      const values = group.map(figure).filter((value) => value !== null)
      return values.length === 0 ? null : roundTo(median(values), decimals)
    }
    return [
      {
        case: first.case,
        subject: first.subject,
        changes: micros.length,
        p50Micros: roundTo(quantile(micros, 0.5), 0),
        p99Micros: roundTo(quantile(micros, 0.99), 0),
        cpuMicrosPerChange: of(({ userMicrosPerChange: user, systemMicrosPerChange: system }) =>
          user === null || system === null ? null : user + system,
        ),
        userMicrosPerChange: of((sample) => sample.userMicrosPerChange),
        systemMicrosPerChange: of((sample) => sample.systemMicrosPerChange),
        bytesPerChange: of((sample) => sample.bytesPerChange),
        rssBytes: of((sample) => sample.rssBytes),
        redisCommandsPerChange: of((sample) => sample.redisCommandsPerChange, 2),
        redisBytesPerChange: of((sample) => sample.redisBytesPerChange),
      },
    ]
  })
}

/** The value that a share of all values does not exceed (nearest rank); NaN when there are none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
