import type { EndpointSlice, SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import { isPodReady, type Pod } from '../model/objects/pod.ts'
import type { Service } from '../model/objects/service.ts'
import type { Workload } from '../model/objects/workload.ts'
import type { Problem, ProblemCode, Severity } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'

export type Labels = Readonly<Record<string, string>>

/** Whether an equality selector picks an object. An empty selector picks nothing, as for a Service. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** Why an exposed Service would answer 503: nothing behind it, and the nearest reason for that. */
export function diagnoseEndpoints(
  service: Service,
  slices: readonly EndpointSlice[],
  pods: readonly Pod[],
  workloads: readonly Workload[],
): Problem[] {
  const endpoints = slices.flatMap((slice) => slice.endpoints)
  if (endpoints.some(canServe)) return []
  const { selector } = service.spec
  if (endpoints.length > 0) {
    return [unready(service, `none of its ${endpoints.length} endpoints is ready`)]
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
  const matching = pods.filter((pod) => selects(selector, pod.meta.labels))
  if (matching.length > 0) {
    const waiting = matching
      .filter((pod) => !isPodReady(pod))
      .map((pod) => pod.meta.name)
      .sort()
    return [unready(service, `its Pods have no address or are not ready: ${waiting.join(', ')}`)]
  }
  const makers = workloads.filter((workload) => selects(selector, workload.spec.template.metadata.labels))
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

/** A terminating endpoint serves when nothing else is ready. */
function canServe({ conditions }: SliceEndpoint): boolean {
  const ready = conditions.ready ?? true
  return ready || ((conditions.serving ?? ready) && (conditions.terminating ?? false))
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
