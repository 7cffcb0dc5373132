import { counted } from '../model/counted.ts'
import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import { isPodReady, type Pod, podAddresses } from '../model/objects/pod.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Workload } from '../model/objects/workload.ts'
import { compareText, type Problem, type ProblemCode, type Severity } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'
import { type Labels, makes, podsBehind, type Surroundings, selects } from './backing.ts'
import type { Refusal, SliceSummary } from './endpoint-slice.ts'
import { type Labelled, nearestLabels } from './nearest-labels.ts'
import { describeTrouble } from './pod-trouble.ts'
import { fits, unfit } from './slice-fit.ts'

/** How many Pods are named. */
const SHOWN = 5

const SEE_PODS = 'See the Pods (kubectl describe pod): why their condition Ready is not True.'
const SEE_REFUSAL = 'Mend the EndpointSlice: its problem endpoint-refused says how.'
const SEE_SLICES = 'The cluster writes the EndpointSlices of a selector: see its kube-controller-manager.'

/**
 * Why an exposed Service would answer 503: nothing behind it, and the nearest reason for that.
 * @param port the exposed one; undefined where it is known that the slices cannot have it
 */
export function diagnoseEndpoints(
  service: Service,
  port: ServicePort | undefined,
  slices: readonly SliceSummary[],
  around: Surroundings,
): Problem[] {
  const fitting = slices.filter((slice) => port === undefined || fits(slice, service, port))
  if (fitting.some(({ ready, draining }) => ready.isAny || draining.isAny)) return []
  const endpoints = fitting.flatMap(({ pods }) => pods)
  const refused = fitting.reduce((sum, { refusals }) => sum + refusals, 0)
  if (endpoints.length + refused > 0) {
    const trouble = describeTrouble(podsBehind(service, endpoints, around))
    return [noneServes(service, endpoints.length, refused, trouble)]
  }
  const others = slices.filter(({ pods, refusals }) => pods.length + refusals > 0)
  if (port !== undefined && others.length > 0) return [unfit(service, port, others)]
  const { selector } = service.spec
  return selector === undefined || Object.keys(selector).length === 0
    ? [missing(service, around.slices())]
    : [withoutEndpoints(service, selector, around)]
}

function withoutEndpoints(service: Service, selector: Labels, { pods, workloads }: Surroundings): Problem {
  const matching = pods().filter((pod) => selects(selector, pod.meta.labels))
  if (matching.length > 0) {
    return notInSlices(service, matching)
  }
  const makers = workloads().filter((workload) => makes(workload, selector))
  if (makers.length > 0) {
    const names = makers.map(nameOf).sort(compareText).join(', ')
    return problem(service, 'workload-not-running', 'info', {
      message: `The selector matches ${names}, of which no Pod runs here`,
      hint: 'Its hostnames answer 503 until Pods run.',
    })
  }
  return unmatched(service, selector, [
    ...pods().map((pod) => ({ what: nameOf(pod), labels: pod.meta.labels })),
    ...workloads().map((maker) => ({ what: nameOf(maker), labels: maker.spec.template.metadata.labels })),
  ])
}

/** Pods that match, and are in no EndpointSlice. */
function notInSlices(service: Service, matching: readonly Pod[]): Problem {
  const waiting = matching.filter((pod) => !isPodReady(pod) || podAddresses(pod).length === 0)
  if (waiting.length > 0) {
    const reason = `its Pods have no address or are not ready: ${listed(waiting)}`
    return unready(service, reason, describeTrouble(matching), [SEE_PODS])
  }
  const { ipFamilies } = service.spec
  const families = matching.flatMap(podAddresses).map((each) => (each.includes(':') ? 'IPv6' : 'IPv4'))
  const isOfAny = ipFamilies.length === 0 || ipFamilies.some((family) => families.includes(family))
  return isOfAny
    ? unready(service, 'its Pods are ready, and stand in no EndpointSlice', '', [SEE_SLICES])
    : unready(service, `its Pods have no address of ${ipFamilies.join(' or ')}: ${listed(matching)}`, '', [
        'Set spec.ipFamilies to what the Pods have.',
      ])
}

function listed(pods: readonly Pod[]): string {
  const names = pods.map(({ meta }) => meta.name).sort(compareText)
  return `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`
}

function unmatched(service: Service, selector: Labels, candidates: readonly Labelled[]): Problem {
  const wanted = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const nearest = nearestLabels(selector, candidates)
  return problem(service, 'selector-matches-nothing', 'warning', {
    message: `No Pod and no Pod template in the namespace has ${wanted}`,
    hint:
      nearest === undefined
        ? 'Compare the selector with the labels of the Pods. Until then its hostnames answer 503.'
        : `The nearest is ${nearest}. Until the selector matches, its hostnames answer 503.`,
  })
}

function missing(service: Service, slices: readonly EndpointSlice[]): Problem {
  const names = slices.filter(({ addressType }) => addressType === 'FQDN').map(({ meta }) => meta.name)
  if (names.length > 0) {
    const [first] = names.sort(compareText)
    return problem(service, 'endpoints-missing', 'warning', {
      message: `The Service has no selector, and EndpointSlice ${first} is of addressType FQDN, which is not used`,
      hint: 'Write a slice of IPv4 or IPv6 addresses (kube-proxy uses no FQDN either); for a name outside, a Service of type ExternalName.',
    })
  }
  return problem(service, 'endpoints-missing', 'warning', {
    message: `The Service has no selector and no ${slices.length === 0 ? 'EndpointSlice' : 'endpoint in its EndpointSlices'}`,
    hint: 'Add a selector, or an EndpointSlice labelled kubernetes.io/service-name.',
  })
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

/** @param count of the endpoints that are not refused */
function noneServes(service: Service, count: number, refused: number, trouble: string): Problem {
  const [unreadyOnes, refusedOnes] = [counted(count, 'endpoint'), counted(refused, 'endpoint')]
  const reasons = [
    ...(refused === 0 ? [] : [`${refusedOnes} ${refused === 1 ? 'is' : 'are'} refused`]),
    ...(count === 0 ? [] : [`${unreadyOnes} ${count === 1 ? 'is' : 'are'} not ready`]),
  ]
  const hints = [...(refused === 0 ? [] : [SEE_REFUSAL]), ...(count === 0 ? [] : [SEE_PODS])]
  return unready(service, reasons.join(', and '), trouble, hints)
}

function unready(service: Service, reason: string, trouble: string, hints: readonly string[]): Problem {
  return problem(service, 'endpoints-unready', 'warning', {
    message: `No endpoint can serve: ${reason}${trouble === '' ? '' : ` (${trouble})`}`,
    hint: `${hints.join(' ')} Until one can serve its hostnames answer 503.`,
  })
}

function nameOf({ kind, meta }: Pod | Workload): string {
  return `${kind} ${meta.name}`
}

function problem(
  service: Service,
  code: ProblemCode,
  severity: Severity,
  text: { readonly message: string; readonly hint: string },
): Problem {
  return serviceProblem(service, { code, severity, field: 'spec.selector', ...text })
}
