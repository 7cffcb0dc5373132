import type { Endpoint } from '../balance/endpoint.ts'
import type { NetworkPolicySet } from '../policy/network-policy.ts'

/** The endpoints that requests may go to, and who may reach them. */
export interface Reachable {
  readonly candidates: readonly Endpoint[]
  /** The candidates, in groups with one answer to who may reach them. Undefined when no NetworkPolicy guards any. */
  readonly guarded: readonly GuardedEndpoints[] | undefined
}

export interface GuardedEndpoints {
  readonly endpoints: readonly Endpoint[]
  /** All must admit a client, each on its port. A policy that is missing admits nobody. */
  readonly guards: readonly { readonly policy: NetworkPolicySet | undefined; readonly port: number }[]
}

/** Makes what requests will ask of the policies, before there are any. */
export function reachable(
  candidates: readonly Endpoint[],
  policies: ReadonlyMap<string, NetworkPolicySet>,
): Reachable {
  if (candidates.every(({ guards }) => guards.length === 0)) return { candidates, guarded: undefined }
  const groups = Map.groupBy(candidates, ({ guards }) => JSON.stringify(guards))
  const guarded = [...groups.values()].map((endpoints) => ({
    endpoints,
    guards: (endpoints[0]?.guards ?? []).map(({ policy: key, port }) => {
      const policy = policies.get(key)
      policy?.prepare(port)
      return { policy, port }
    }),
  }))
  return { candidates, guarded }
}
