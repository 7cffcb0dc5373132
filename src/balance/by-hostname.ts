import type { EndpointsRecord } from '../model/records.ts'

/**
 * Slices by the hostname of their endpoints, each with that one's endpoints alone: several have one name when a Pod has
 * addresses in both families. A Pod without a hostname is known by its own name, unless that is more than one label.
 */
export function slicesByHostname(
  slices: readonly EndpointsRecord[],
): ReadonlyMap<string, readonly EndpointsRecord[]> {
  const named = new Map<string, EndpointsRecord[]>()
  for (const slice of slices) {
    const names = Map.groupBy(slice.endpoints, ({ hostname, pod }) => hostname ?? pod ?? '')
    for (const [name, endpoints] of names) {
      if (name === '' || name.includes('.')) continue
      const some = named.get(name) ?? []
      some.push({ ...slice, endpoints })
      named.set(name, some)
    }
  }
  return named
}
