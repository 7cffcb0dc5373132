import {
  type EndpointSlice,
  SERVICE_NAME_LABEL,
  type SliceEndpoint,
} from '../model/objects/endpoint-slice.ts'

/** At most this many endpoints a slice, as the controller's `--max-endpoints-per-slice`. */
const MAX_ENDPOINTS = 100

export type SlicePort = EndpointSlice['ports'][number]
export type Family = 'IPv4' | 'IPv6'

/** What a row of slices has in common. */
export interface Row {
  readonly service: { readonly namespace: string; readonly name: string }
  /** The slices are called after it, with a number behind. */
  readonly name: string
  /** The first such number. */
  readonly first: number
  readonly family: Family
}

/** Endpoints of one Service, family and set of ports, as slices of at most a hundred. */
export function sliceUp(
  { service, name, first, family }: Row,
  ports: SlicePort[],
  endpoints: readonly SliceEndpoint[],
): EndpointSlice[] {
  const count = Math.ceil(endpoints.length / MAX_ENDPOINTS)
  return Array.from({ length: count }, (_, index) => ({
    kind: 'EndpointSlice',
    meta: {
      name: `${name}-${first + index}`,
      namespace: service.namespace,
      uid: '',
      deletionTimestamp: undefined,
      labels: { [SERVICE_NAME_LABEL]: service.name },
    },
    addressType: family,
    endpoints: endpoints.slice(index * MAX_ENDPOINTS, (index + 1) * MAX_ENDPOINTS),
    ports,
  }))
}

export function familyOf(address: string): Family {
  return address.includes(':') ? 'IPv6' : 'IPv4'
}
