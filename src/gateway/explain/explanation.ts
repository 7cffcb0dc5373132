import * as v from 'valibot'

/** What one step of the road came to, for people and for machines. */
const stepSchema = v.object({
  step: v.string(),
  /** `stop`: the road ended here; where several clusters are served, the one in that cluster. */
  verdict: v.picklist(['pass', 'stop']),
  /** One line that says it all. */
  summary: v.string(),
  /** What was looked at, a line each. */
  details: v.array(v.string()),
})

export const explanationSchema = v.object({
  request: v.object({ method: v.string(), url: v.string(), from: v.string() }),
  steps: v.array(stepSchema),
  outcome: v.object({
    /** `forward`: to one of the candidates; else the status of the answer. */
    type: v.picklist(['forward', 'reply', 'wait']),
    status: v.exactOptional(v.number()),
    summary: v.string(),
  }),
})

export type ExplainedStep = v.InferOutput<typeof stepSchema>

/** Why a request gets the answer that it gets. */
export type Explanation = v.InferOutput<typeof explanationSchema>

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
