import { type BenchRow, median, roundTo } from '../report.ts'

/** What a well-behaved client got in one round. */
export interface AttackSample {
  readonly title: string
  readonly subject: string
  readonly connections: number
  readonly round: number
  readonly requestsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
  /** Of the gateway, at the end of the round. */
  readonly rssBytes: number
}

/** One row for each attack, gateway and number of connections: medians, and of p99 the ratio to the round's quiet time. */
export function attackRows(samples: readonly AttackSample[], quiet: string): BenchRow[] {
  const groups = Map.groupBy(samples, ({ title, subject, connections }) =>
    [title, subject, connections].join('\n'),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const of = (figure: (sample: AttackSample) => number) => roundTo(median(group.map(figure)), 0)
    const ratios = group.flatMap((own) =>
      samples
        .filter((other) => other.title === quiet && isSameRound(own, other))
        .map((other) => own.p99Micros / other.p99Micros),
    )
    return [
      {
        case: first.title,
        subject: first.subject,
        connections: first.connections,
        requestsPerSecond: of((sample) => sample.requestsPerSecond),
        p50Micros: of((sample) => sample.p50Micros),
        p99Micros: of((sample) => sample.p99Micros),
        p99ToQuiet: roundTo(median(ratios), 2),
        rssMib: of((sample) => sample.rssBytes / 2 ** 20),
      },
    ]
  })
}

function isSameRound(one: AttackSample, other: AttackSample): boolean {
  return one.subject === other.subject && one.connections === other.connections && one.round === other.round
}
