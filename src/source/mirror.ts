import type { EndpointSlice, SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import { SERVICE_NAME_LABEL } from '../model/objects/endpoint-slice.ts'
import type { Endpoints, EndpointsSubset } from '../model/objects/endpoints.ts'
import type { KubeObject } from '../model/objects/object.ts'
import type { Service } from '../model/objects/service.ts'
import { familyOf, sliceUp } from './slice-up.ts'

const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror'
const MANAGER_LABEL = 'endpointslice.kubernetes.io/managed-by'
const MANAGER = 'endpointslicemirroring-controller.k8s.io'

/**
 * The EndpointSlices that a cluster would mirror from Endpoints, of which manifests may hold only these: of Services
 * without a selector. Source: kubernetes/kubernetes, `pkg/controller/endpointslicemirroring`.
 */
export function mirrorEndpoints(objects: readonly KubeObject[]): EndpointSlice[] {
  const services = new Map<string, Service>()
  const mirrored = new Set<string>()
  for (const object of objects) {
    const { namespace, name, labels } = object.meta
    if (object.kind === 'Service') services.set(`${namespace}/${name}`, object)
    if (object.kind === 'EndpointSlice' && labels[MANAGER_LABEL] === MANAGER) {
      mirrored.add(`${namespace}/${labels[SERVICE_NAME_LABEL] ?? ''}`)
    }
  }
  return objects.flatMap((object) => {
    if (object.kind !== 'Endpoints' || object.meta.labels[SKIP_LABEL] === 'true') return []
    const key = `${object.meta.namespace}/${object.meta.name}`
    const service = services.get(key)
    const hasSelector = Object.keys(service?.spec.selector ?? {}).length > 0
    return service === undefined || hasSelector || mirrored.has(key) ? [] : slicesOf(object)
  })
}

function slicesOf({ meta, subsets }: Endpoints): EndpointSlice[] {
  return subsets.flatMap((subset, index) => {
    const endpoints = [
      ...subset.addresses.map((address) => endpointOf(address, true)),
      ...subset.notReadyAddresses.map((address) => endpointOf(address, false)),
    ]
    return (['IPv4', 'IPv6'] as const).flatMap((family) =>
      sliceUp(
        { service: meta, name: `${meta.name}-mirrored-${index}-${family.toLowerCase()}`, first: 0, family },
        subset.ports,
        endpoints.filter(({ addresses: [address = ''] }) => familyOf(address) === family),
      ),
    )
  })
}

function endpointOf(
  { ip, hostname, nodeName, targetRef }: EndpointsSubset['addresses'][number],
  ready: boolean,
): SliceEndpoint {
  return {
    addresses: [ip],
    conditions: { ready, serving: undefined, terminating: undefined },
    hostname,
    nodeName,
    zone: undefined,
    hints: undefined,
    targetRef,
  }
}
