import {
  type EndpointSlice,
  SERVICE_NAME_LABEL,
  type SliceEndpoint,
} from '../model/objects/endpoint-slice.ts'
import { compareText } from '../model/problem.ts'
import type { EndpointRecord, EndpointsRecord } from '../model/records.ts'

/** The Service that a slice belongs to, as namespace/name. */
export function serviceOfSlice(slice: EndpointSlice): string | undefined {
  const name = slice.meta.labels[SERVICE_NAME_LABEL]
  return name === undefined || name === '' ? undefined : `${slice.meta.namespace}/${name}`
}

/** An EndpointSlice by itself: one record, so that a Pod's change costs one slice and touches no route. */
export function compileEndpointSlice(slice: EndpointSlice): EndpointsRecord | undefined {
  if (slice.addressType === 'FQDN') return undefined
  return {
    family: slice.addressType,
    ports: slice.ports
      .flatMap(({ name, port, protocol }) =>
        port === undefined || protocol !== 'TCP' ? [] : [{ name, port }],
      )
      .sort((a, b) => compareText(a.name, b.name) || a.port - b.port),
    endpoints: slice.endpoints
      .flatMap(compileEndpoint)
      .sort((a, b) => compareText(a.address, b.address) || compareText(a.pod ?? '', b.pod ?? '')),
  }
}

/** Conditions as the API defines them: nil ready is ready, nil serving follows ready, nil terminating is false. */
function compileEndpoint(endpoint: SliceEndpoint): EndpointRecord[] {
  const [address] = endpoint.addresses
  if (address === undefined) return []
  const ready = endpoint.conditions.ready ?? true
  const { nodeName, zone, targetRef } = endpoint
  return [
    {
      address,
      ready,
      serving: endpoint.conditions.serving ?? ready,
      terminating: endpoint.conditions.terminating ?? false,
      ...(nodeName === undefined ? {} : { node: nodeName }),
      ...(zone === undefined ? {} : { zone }),
      ...(targetRef?.kind === 'Pod' && targetRef.name !== '' ? { pod: targetRef.name } : {}),
    },
  ]
}
