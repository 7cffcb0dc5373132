import type { EndpointRecord } from '../model/records.ts'
import type { Place } from './place.ts'

/**
 * The ready endpoints that are meant for callers at a place, as kube-proxy reads hints (kubernetes/kubernetes
 * `pkg/proxy/topology.go`, topologyModeFromHints): those hinted for its node when every endpoint has a node hint and one
 * names the node; else so with zones; else all of them. One endpoint without a hint means that the controller is at it.
 */
export function nearOf<T extends { readonly record: EndpointRecord }>(
  ready: readonly T[],
  { node, zone }: Pick<Place, 'node' | 'zone'>,
): readonly T[] {
  return (
    hinted(ready, node, ({ record }) => record.forNodes) ??
    hinted(ready, zone, ({ record }) => record.forZones) ??
    ready
  )
}

function hinted<T>(
  ready: readonly T[],
  here: string | undefined,
  hintsOf: (endpoint: T) => readonly string[] | undefined,
): readonly T[] | undefined {
  if (here === undefined || ready.some((endpoint) => hintsOf(endpoint) === undefined)) return undefined
  const near = ready.filter((endpoint) => hintsOf(endpoint)?.includes(here))
  return near.length > 0 ? near : undefined
}
