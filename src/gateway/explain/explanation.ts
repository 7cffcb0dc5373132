/** What one step of the road came to, for people and for machines. */
export interface ExplainedStep {
  readonly step: string
  /** `stop`: the answer was decided here. */
  readonly verdict: 'pass' | 'stop'
  /** One line that says it all. */
  readonly summary: string
  /** What was looked at, a line each. */
  readonly details: readonly string[]
}

/** Why a request gets the answer that it gets. */
export interface Explanation {
  readonly request: { readonly method: string; readonly url: string; readonly from: string }
  readonly steps: readonly ExplainedStep[]
  readonly outcome: {
    /** `forward`: to one of the candidates; else the status of the answer. */
    readonly type: 'forward' | 'reply' | 'wait'
    readonly status: number | undefined
    readonly summary: string
  }
}

/** As text, in the order in which the request meets the steps. */
export function formatExplanation({ request, steps, outcome }: Explanation): string {
  const lines = [`${request.method} ${request.url} from ${request.from}`, '']
  for (const { step, verdict, summary, details } of steps) {
    lines.push(`${verdict === 'pass' ? '✓' : '✗'} ${step}: ${summary}`)
    for (const detail of details) lines.push(`    ${detail}`)
  }
  lines.push('', `→ ${outcome.summary}`)
  return lines.join('\n')
}
