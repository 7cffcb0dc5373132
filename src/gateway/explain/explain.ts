import { withoutQuery } from '../observe.ts'
import { type ClusterRoad, planAcross } from '../plan-across.ts'
import { responses } from '../reply.ts'
import type { Plan, RequestHead, Step, Wait } from '../road.ts'
import { type Finders, findOut, WAITS } from '../road-state.ts'
import { clusterStep, isTold, namespaceStep } from './cluster-steps.ts'
import type { ExplainedStep, Explanation } from './explanation.ts'
import type { ExplainParts } from './parts.ts'
import { type Question, type ReadQuestion, readQuestion } from './request.ts'
import { explainStep } from './steps.ts'

export type Answer =
  | { readonly ok: true; readonly explanation: Explanation }
  | { readonly ok: false; readonly faults: readonly string[] }

const HTTPS = /^https:/i
const WITHOUT_TLS =
  'TLS is not served yet: this is told as for http://, which is what comes from a proxy that terminates it'

/** As a gateway answers in the end: names and tokens that must be waited for are. */
export async function explainInTime(question: Question, parts: ExplainParts & Finders): Promise<Answer> {
  const read = readQuestion(question, parts.road)
  if (!read.ok) return read
  for (let waits = WAITS * parts.clusters.length; waits > 0; waits--) {
    const decided = planAcross(read.head, read.peer, roadOf(parts))
    if (decided?.type !== 'wait' || decided.for.type === 'host') break
    const error = await findOut(decided.for, decided.passage.client.address, parts)
    if (error !== undefined) break
  }
  return explainRead(question, read, parts)
}

/** Walks the real plan, and tells each step of it. */
export function explain(question: Question, parts: ExplainParts): Answer {
  const read = readQuestion(question, parts.road)
  return read.ok ? explainRead(question, read, parts) : read
}

function explainRead(question: Question, { head, peer }: ReadQuestion, parts: ExplainParts): Answer {
  const steps: ExplainedStep[] = []
  const decided = planAcross(head, peer, roadOf(parts), noteInto(steps, head, parts))
  if (decided === undefined) return { ok: false, faults: ['no table has been loaded yet'] }
  const [first, ...others] = steps
  if (first !== undefined && HTTPS.test(question.url)) {
    steps.splice(0, steps.length, { ...first, details: [...first.details, WITHOUT_TLS] }, ...others)
  }
  const request = { method: head.method, url: question.url, from: peer.address }
  return { ok: true, explanation: { request, steps, outcome: outcomeOf(decided) } }
}

/** What is drawn by lot goes to the heaviest: the answer that most requests get. */
function roadOf({ clusters, road }: ExplainParts): ClusterRoad {
  return { clusters, options: road, random: () => 0.5 }
}

function noteInto(
  steps: ExplainedStep[],
  head: RequestHead,
  { clusters, road }: ExplainParts,
): (step: Step) => void {
  let [cluster] = clusters
  return (step) => {
    if (step.step === 'cluster') cluster = clusters.find(({ name }) => name === step.cluster)
    if (cluster === undefined || !isTold(step, cluster, clusters)) return
    if (step.step === 'cluster') steps.push(clusterStep(step, clusters))
    else if (step.step === 'namespace') steps.push(namespaceStep(step))
    else if (step.step === 'answer') {
      const last = steps.pop()
      if (last !== undefined) steps.push({ ...last, verdict: step.type === 'reply' ? 'stop' : 'pass' })
    } else {
      const table = cluster.table()
      const told =
        table && explainStep(step, head, { table, balance: cluster.state, present: cluster.present, road })
      if (told !== undefined) steps.push({ ...told, verdict: 'pass' })
    }
  }
}

function outcomeOf(decided: Plan): Explanation['outcome'] {
  switch (decided.type) {
    case 'reply': {
      const { proxyError } = responses[decided.error]
      const status = decided.given?.status ?? responses[decided.error].status
      const said = proxyError === undefined ? '' : ` (Proxy-Status: postern; error=${proxyError})`
      const summary = `${status} ${decided.error}${said}`
      return { type: 'reply', status, summary }
    }
    case 'wait':
      return { type: 'wait', summary: `waits for ${waitOf(decided)}, then goes on` }
    case 'forward': {
      const { candidates, path, authority, hostRewrite, service, passage } = decided
      const { timeoutMs } = service.record
      const limit = timeoutMs === 0 ? 'without limit' : `within ${timeoutMs} ms`
      const to = candidates.length === 1 ? candidates[0]?.key : `one of ${candidates.length} endpoints`
      const where = passage.cluster === undefined ? '' : ` in cluster ${passage.cluster}`
      const summary = `forwarded to ${to}${where} as ${path}, Host ${hostRewrite ?? authority}, answered ${limit}`
      return { type: 'forward', summary }
    }
  }
}

/** A token is never repeated. */
function waitOf({ for: wanted }: Wait): string {
  switch (wanted.type) {
    case 'name':
      return `the name ${wanted.name}`
    case 'host':
      return `the host ${wanted.host}`
    case 'token':
      return 'its token to be verified'
    case 'client-certificate':
      return 'the certificate that endpoints are shown to be opened'
    case 'credential':
      return `credential ${wanted.credential.key} to be opened`
    case 'password':
      return `its password to be checked against ${wanted.credential.key}`
    case 'auth-call':
      return `an answer of ${withoutQuery(wanted.ask.policy.url)}`
  }
}
