import type { BalanceState } from '../../balance/endpoint.ts'
import type { Peer } from '../../identity/identify.ts'
import { type Plan, plan, type RequestHead, type RoadOptions, type RoadState, type Step } from '../plan.ts'
import { responses } from '../reply.ts'
import type { Table } from '../table.ts'
import type { Explanation } from './explanation.ts'
import { explainStep } from './steps.ts'

export interface ExplainParts {
  readonly table: Table
  readonly road: RoadOptions
  /** Of the moment; a gateway's own, or one in which nothing is under way. */
  readonly state: RoadState & BalanceState
}

export interface ExplainedRequest {
  readonly head: RequestHead
  readonly peer: Peer
  /** As it was asked for, to be shown again. */
  readonly url: string
}

/** Walks the real plan, and tells each step of it. */
export function explain({ head, peer, url }: ExplainedRequest, parts: ExplainParts): Explanation {
  const steps: Step[] = []
  const decided = plan(head, peer, parts.table, parts.road, parts.state, (step) => steps.push(step))
  const last = steps.length - 1
  return {
    request: { method: head.method, url, from: peer.address },
    steps: steps.map((step, i) => ({
      ...explainStep(step, head, parts),
      verdict: decided.type === 'reply' && i === last ? 'stop' : 'pass',
    })),
    outcome: outcomeOf(decided),
  }
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
        status: undefined,
        summary: `waits for the name ${decided.for.name}, then goes on`,
      }
    case 'forward': {
      const { candidates, path, authority, hostRewrite, service } = decided
      const { timeoutMs } = service.record
      const limit = timeoutMs === 0 ? 'without limit' : `within ${timeoutMs} ms`
      const to = candidates.length === 1 ? candidates[0]?.key : `one of ${candidates.length} endpoints`
      const summary = `forwarded to ${to} as ${path}, Host ${hostRewrite ?? authority}, answered ${limit}`
      return { type: 'forward', status: undefined, summary }
    }
  }
}
