import type { BalanceState } from '../../balance/endpoint.ts'
import { type Plan, plan, type RoadOptions, type RoadState, type Step } from '../plan.ts'
import { responses } from '../reply.ts'
import type { Table } from '../table.ts'
import type { Explanation } from './explanation.ts'
import { type Question, readQuestion } from './request.ts'
import { explainStep } from './steps.ts'

export interface ExplainParts {
  readonly table: Table
  readonly road: RoadOptions
  readonly state: RoadState
  /** Of the moment: a gateway's own, or one in which nothing is under way. */
  readonly balance: BalanceState
}

export type Answer =
  | { readonly ok: true; readonly explanation: Explanation }
  | { readonly ok: false; readonly faults: readonly string[] }

/** Also resolves names outside the cluster. */
export interface NameState extends RoadState {
  /** Never rejects. */
  resolve(name: string): Promise<void>
}

/** As a gateway answers in the end: a name that must be waited for is. */
export async function explainInTime(
  question: Question,
  parts: ExplainParts & { readonly state: NameState },
): Promise<Answer> {
  const read = readQuestion(question, parts.road)
  if (!read.ok) return read
  const decided = plan(read.head, read.peer, parts.table, parts.road, parts.state)
  if (decided.type === 'wait' && decided.for.type === 'name') await parts.state.resolve(decided.for.name)
  return explain(question, parts)
}

/** Walks the real plan, and tells each step of it. */
export function explain(question: Question, parts: ExplainParts): Answer {
  const read = readQuestion(question, parts.road)
  if (!read.ok) return read
  const { head, peer } = read
  const steps: Step[] = []
  const decided = plan(head, peer, parts.table, parts.road, parts.state, (step) => steps.push(step))
  const last = steps.length - 1
  const explanation: Explanation = {
    request: { method: head.method, url: question.url, from: peer.address },
    steps: steps.map((step, i) => ({
      ...explainStep(step, head, parts),
      verdict: decided.type === 'reply' && i === last ? 'stop' : 'pass',
    })),
    outcome: outcomeOf(decided),
  }
  return { ok: true, explanation }
}

function outcomeOf(decided: Plan): Explanation['outcome'] {
  switch (decided.type) {
    case 'reply': {
      const { status, proxyError } = responses[decided.error]
      const summary = `${status} ${decided.error} (Proxy-Status: postern; error=${proxyError})`
      return { type: 'reply', status, summary }
    }
    case 'wait':
      return {
        type: 'wait',
        summary: `waits for the ${decided.for.type} ${decided.for.type === 'name' ? decided.for.name : decided.for.host}, then goes on`,
      }
    case 'forward': {
      const { candidates, path, authority, hostRewrite, service } = decided
      const { timeoutMs } = service.record
      const limit = timeoutMs === 0 ? 'without limit' : `within ${timeoutMs} ms`
      const to = candidates.length === 1 ? candidates[0]?.key : `one of ${candidates.length} endpoints`
      const summary = `forwarded to ${to} as ${path}, Host ${hostRewrite ?? authority}, answered ${limit}`
      return { type: 'forward', summary }
    }
  }
}
