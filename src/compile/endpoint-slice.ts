import { normaliseIp } from '../model/address.ts'
import {
  type EndpointSlice,
  SERVICE_NAME_LABEL,
  type SliceEndpoint,
} from '../model/objects/endpoint-slice.ts'
import { isDnsLabel } from '../model/objects/meta.ts'
import { compareText } from '../model/problem.ts'
import type { EndpointRecord, EndpointsRecord } from '../model/records.ts'

/** The Service that a slice belongs to, as namespace/name. */
export function serviceOfSlice(slice: EndpointSlice): string | undefined {
  const name = slice.meta.labels[SERVICE_NAME_LABEL]
  return name === undefined || name === '' ? undefined : `${slice.meta.namespace}/${name}`
}

/** What is known of an endpoint beyond its slice: why it is refused, or which policy record guards it. */
export interface Judgement {
  readonly refusal: string | undefined
  readonly policy: string | undefined
}

export interface Refusal {
  /** Place in the slice's `endpoints`. */
  readonly index: number
  readonly reason: string
}

export interface CompiledSlice {
  readonly record: EndpointsRecord
  readonly refusals: readonly Refusal[]
}

/** What is asked of a compiled slice once it has been written. */
export interface SliceSummary extends Pick<EndpointsRecord, 'family' | 'ports'> {
  /** The Pod of each endpoint, if it has one. */
  readonly pods: readonly (string | undefined)[]
  readonly ready: Standing
  /** Those that serve while they terminate: they are asked when nothing else is ready. */
  readonly draining: Standing
  /** How many endpoints were left out, and how many of these could serve. */
  readonly refusals: number
  readonly refused: number
}

/** Endpoints of a slice that are in the same condition. */
export interface Standing {
  readonly isAny: boolean
  /** Where they are, each once. */
  readonly nodes: readonly string[]
}

export function summaryOf({ record, refusals }: CompiledSlice): SliceSummary {
  const { family, ports, endpoints, refused = 0 } = record
  return {
    family,
    ports,
    pods: endpoints.map(({ pod }) => pod),
    ready: standingOf(endpoints.filter(({ ready }) => ready)),
    draining: standingOf(
      endpoints.filter(({ ready, serving, terminating }) => !ready && serving && terminating),
    ),
    refusals: refusals.length,
    refused,
  }
}

const NONE: Standing = { isAny: false, nodes: [] }

function standingOf(endpoints: readonly EndpointRecord[]): Standing {
  if (endpoints.length === 0) return NONE
  return { isAny: true, nodes: [...new Set(endpoints.flatMap(({ node }) => node ?? []))] }
}

/** One EndpointSlice: one record, so that a Pod's change costs one slice and touches no route. */
export function compileEndpointSlice(
  slice: EndpointSlice,
  judge: (endpoint: SliceEndpoint) => Judgement,
): CompiledSlice | undefined {
  if (slice.addressType === 'FQDN') return undefined
  const refusals: Refusal[] = []
  let refused = 0
  const endpoints = slice.endpoints.flatMap((endpoint, index) => {
    const { refusal, policy } = judge(endpoint)
    if (refusal === undefined) return compileEndpoint(endpoint, policy)
    refusals.push({ index, reason: refusal })
    if (canServe(endpoint)) refused++
    return []
  })
  const record: EndpointsRecord = {
    family: slice.addressType,
    ports: slice.ports
      .flatMap(({ name, port, protocol }) =>
        port === undefined || protocol !== 'TCP' ? [] : [{ name, port }],
      )
      .sort((a, b) => compareText(a.name, b.name) || a.port - b.port),
    endpoints: endpoints.sort(
      (a, b) => compareText(a.address, b.address) || compareText(a.pod ?? '', b.pod ?? ''),
    ),
    ...(refused === 0 ? {} : { refused }),
  }
  return { record, refusals }
}

/** Whether kube-proxy may send there: ready, or serving while it terminates. */
export function canServe({ conditions: { ready, serving, terminating } }: SliceEndpoint): boolean {
  return (ready ?? true) || ((serving ?? false) && (terminating ?? false))
}

/** Conditions as the API defines them: nil ready is ready, nil serving follows ready, nil terminating is false. */
function compileEndpoint(endpoint: SliceEndpoint, policy: string | undefined): EndpointRecord[] {
  const [text] = endpoint.addresses
  if (text === undefined) return []
  // What was judged is what is dialled: a zone, say, was not.
  const address = normaliseIp(text) ?? text
  const ready = endpoint.conditions.ready ?? true
  const { nodeName, zone, targetRef, hostname } = endpoint
  const [forZones, forNodes] = [names(endpoint.hints?.forZones), names(endpoint.hints?.forNodes)]
  return [
    {
      address,
      ready,
      serving: endpoint.conditions.serving ?? ready,
      terminating: endpoint.conditions.terminating ?? false,
      ...(nodeName === undefined ? {} : { node: nodeName }),
      ...(zone === undefined ? {} : { zone }),
      ...(forZones === undefined ? {} : { forZones }),
      ...(forNodes === undefined ? {} : { forNodes }),
      ...(targetRef?.kind === 'Pod' && targetRef.name !== '' ? { pod: targetRef.name } : {}),
      ...(hostname !== undefined && isDnsLabel(hostname) ? { hostname } : {}),
      ...(policy === undefined ? {} : { policy }),
    },
  ]
}

function names(hints: readonly { readonly name: string }[] = []): string[] | undefined {
  return hints.length === 0 ? undefined : hints.map(({ name }) => name).sort()
}
