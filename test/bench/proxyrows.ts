import { type BenchRow, median, roundTo } from './report.ts'

/** One measured round of one subject. */
export interface Sample {
  readonly case: string
  readonly subject: string
  readonly cpuMicrosPerRequest: number
  readonly userMicrosPerRequest: number
  readonly systemMicrosPerRequest: number
  readonly requestsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
  readonly rssBytes: number
}

/** One row for each case and subject, in order of appearance: the median of each figure over the rounds. */
export function summarize(samples: readonly Sample[]): BenchRow[] {
  const groups = Map.groupBy(samples, (sample) => `${sample.case}\n${sample.subject}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const peer = samples.filter((sample) => sample.case === first.case && sample.subject === 'haproxy')
    const of = (figure: (sample: Sample) => number, decimals: number) =>
      roundTo(median(group.map(figure)), decimals)
    const ratio = median(group.map(cpu)) / median(peer.map(cpu))
    return [
      {
        case: first.case,
        subject: first.subject,
        cpuMicrosPerRequest: of(cpu, 1),
        userMicrosPerRequest: of((sample) => sample.userMicrosPerRequest, 1),
        systemMicrosPerRequest: of((sample) => sample.systemMicrosPerRequest, 1),
        requestsPerSecond: of((sample) => sample.requestsPerSecond, 0),
        p50Micros: of((sample) => sample.p50Micros, 0),
        p99Micros: of((sample) => sample.p99Micros, 0),
        rssBytes: of((sample) => sample.rssBytes, 0),
        ratioToHaproxy: Number.isFinite(ratio) ? roundTo(ratio, 2) : null,
      },
    ]
  })
}

function cpu(sample: Sample): number {
  return sample.cpuMicrosPerRequest
}
