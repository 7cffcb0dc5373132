import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import { isPodReady, type Pod } from '../model/objects/pod.ts'
import type { Service } from '../model/objects/service.ts'
import type { Workload } from '../model/objects/workload.ts'
import type { Problem, ProblemCode, Severity } from '../model/problem.ts'
import type { EndpointRecord } from '../model/records.ts'
import { serviceProblem } from './annotations.ts'
import type { CompiledSlice, Refusal } from './endpoint-slice.ts'

export type Labels = Readonly<Record<string, string>>

/** Whether an equality selector picks an object. An empty selector picks nothing, as for a Service. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** Looked at only when nothing can serve. */
export interface Surroundings {
  /** Of the Service's namespace. */
  readonly pods: () => readonly Pod[]
  readonly workloads: () => readonly Workload[]
}

/** Why an exposed Service would answer 503: nothing behind it, and the nearest reason for that. */
export function diagnoseEndpoints(
  service: Service,
  slices: readonly CompiledSlice[],
  { pods, workloads }: Surroundings,
): Problem[] {
  const endpoints = slices.flatMap(({ record }) => record.endpoints)
  if (endpoints.some(canServe)) return []
  const { selector } = service.spec
  const refused = slices.reduce((sum, { refusals }) => sum + refusals.length, 0)
  if (endpoints.length + refused > 0) {
    return [unready(service, noneServes(endpoints.length, refused))]
  }
  if (selector === undefined) {
    return [
      problem(
        service,
        'endpoints-missing',
        'warning',
        'spec.selector',
        'The Service has no selector and no EndpointSlice',
        'Add a selector, or an EndpointSlice labelled kubernetes.io/service-name.',
      ),
    ]
  }
  const matching = pods().filter((pod) => selects(selector, pod.meta.labels))
  if (matching.length > 0) {
    const waiting = matching
      .filter((pod) => !isPodReady(pod))
      .map((pod) => pod.meta.name)
      .sort()
    return [unready(service, `its Pods have no address or are not ready: ${waiting.join(', ')}`)]
  }
  const makers = workloads().filter((workload) => selects(selector, workload.spec.template.metadata.labels))
  if (makers.length > 0) {
    const names = makers
      .map((maker) => `${maker.kind} ${maker.meta.name}`)
      .sort()
      .join(', ')
    return [
      problem(
        service,
        'workload-not-running',
        'info',
        'spec.selector',
        `The selector matches ${names}, of which no Pod runs here`,
        'Its hostnames answer 503 until Pods run.',
      ),
    ]
  }
  const wanted = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  return [
    problem(
      service,
      'selector-matches-nothing',
      'warning',
      'spec.selector',
      `No Pod and no Pod template in the namespace has ${wanted}`,
      'Compare the selector with the labels of the Pods. Until then its hostnames answer 503.',
    ),
  ]
}

/** What a slice asks for and does not get: one problem a slice, so that a hundred bad endpoints are one line. */
export function endpointRefusals(slice: EndpointSlice, refusals: readonly Refusal[]): Problem[] {
  const [first] = refusals
  if (first === undefined) return []
  const others = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : ''
  return [
    {
      code: 'endpoint-refused',
      severity: 'warning',
      kind: 'EndpointSlice',
      namespace: slice.meta.namespace,
      name: slice.meta.name,
      field: `endpoints[${first.index}]`,
      message: `No request goes to endpoint ${first.index} of the slice: ${first.reason}${others}`,
      hint: 'An endpoint must be a Pod of its namespace; others need --allow-endpoint-cidrs, and an address that nobody holds.',
    },
  ]
}

function noneServes(count: number, refused: number): string {
  if (refused === 0) return `none of its ${count} endpoints is ready`
  const rest = count === 0 ? '' : `, and none of the other ${count} is ready`
  return `${refused} of its endpoints ${refused === 1 ? 'is' : 'are'} refused (see the EndpointSlice)${rest}`
}

/** A terminating endpoint serves when nothing else is ready. */
function canServe({ ready, serving, terminating }: EndpointRecord): boolean {
  return ready || (serving && terminating)
}

function unready(service: Service, reason: string): Problem {
  return problem(
    service,
    'endpoints-unready',
    'warning',
    'spec.selector',
    `No endpoint can serve: ${reason}`,
    'See the readiness probes of the Pods (condition Ready). Until one is ready its hostnames answer 503.',
  )
}

function problem(
  service: Service,
  code: ProblemCode,
  severity: Severity,
  field: string,
  message: string,
  hint: string,
): Problem {
  return serviceProblem(service, { code, severity, field, message, hint })
}
