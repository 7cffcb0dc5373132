import { type BenchRow, median, roundTo } from './report.ts'

/** One measured round of one subject. */
export interface Sample {
  readonly case: string
  readonly connections: number
  readonly subject: string
  readonly round: number
  readonly cpuMicrosPerRequest: number
  readonly userMicrosPerRequest: number
  readonly systemMicrosPerRequest: number
  readonly requestsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
  readonly rssBytes: number
}

/** One row for each case, number of connections and subject, in order of appearance: medians over the rounds. */
export function summarize(samples: readonly Sample[]): BenchRow[] {
  const groups = Map.groupBy(samples, (sample) => `${caseOf(sample)}\n${sample.subject}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const rivals = samples.filter((sample) => caseOf(sample) === caseOf(first))
    const of = (figure: (sample: Sample) => number, decimals: number) =>
      roundTo(median(group.map(figure)), decimals)
    return [
      {
        case: first.case,
        connections: first.connections,
        subject: first.subject,
        cpuMicrosPerRequest: of((sample) => sample.cpuMicrosPerRequest, 1),
        userMicrosPerRequest: of((sample) => sample.userMicrosPerRequest, 1),
        systemMicrosPerRequest: of((sample) => sample.systemMicrosPerRequest, 1),
        requestsPerSecond: of((sample) => sample.requestsPerSecond, 0),
        p50Micros: of((sample) => sample.p50Micros, 0),
        p99Micros: of((sample) => sample.p99Micros, 0),
        rssBytes: of((sample) => sample.rssBytes, 0),
        ratioToPostern: ratioTo('postern', group, rivals),
        ratioToNginx: ratioTo('nginx', group, rivals),
        ratioToHaproxy: ratioTo('haproxy', group, rivals),
      },
    ]
  })
}

function caseOf(sample: Sample): string {
  return `${sample.case}\n${sample.connections}`
}

/** The median of the ratios of each round: what slows one round down slows both of its sides. */
function ratioTo(subject: string, group: readonly Sample[], rivals: readonly Sample[]): number | null {
  const ratios = group.flatMap((own) =>
    rivals
      .filter((rival) => rival.subject === subject && rival.round === own.round)
      .map((rival) => own.cpuMicrosPerRequest / rival.cpuMicrosPerRequest),
  )
  const ratio = median(ratios)
  return Number.isFinite(ratio) ? roundTo(ratio, 2) : null
}
