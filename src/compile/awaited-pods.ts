import { normaliseIp } from '../model/address.ts'
import type { EndpointSlice, SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import type { Pod } from '../model/objects/pod.ts'
import { canServe, serviceOfSlice } from './endpoint-slice.ts'
import { podRefusal } from './reach.ts'

/** A Pod as it is known, by namespace and name. */
export type PodLookup = (namespace: string, name: string) => Pod | undefined

/**
 * Whether a changed slice has come before its Pods: nothing in it can serve until they are seen as it has them, and
 * something of what it was still can. Pods and slices are watched apart, and either may be the later one.
 */
export function isAheadOfPods(before: EndpointSlice, after: EndpointSlice, podOf: PodLookup): boolean {
  // What another Service is given, and what this one loses by it, waits for nothing.
  if (serviceOfSlice(before) !== serviceOfSlice(after)) return false
  const asked = after.endpoints.filter(canServe)
  return (
    asked.some(hasPod) &&
    !asked.some((endpoint) => !hasPod(endpoint) || isSeen(after, endpoint, podOf)) &&
    before.endpoints.some(
      (endpoint) => canServe(endpoint) && hasPod(endpoint) && isSeen(before, endpoint, podOf),
    )
  )
}

function hasPod({ targetRef }: SliceEndpoint): boolean {
  return targetRef?.kind === 'Pod'
}

function isSeen({ meta }: EndpointSlice, { addresses, targetRef }: SliceEndpoint, podOf: PodLookup): boolean {
  const address = normaliseIp(addresses[0] ?? '')
  if (address === undefined || targetRef === undefined) return false
  const pod = podOf(meta.namespace, targetRef.name)
  return podRefusal(targetRef, meta.namespace, address, pod) === undefined
}
