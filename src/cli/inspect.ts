import { Compilation } from '../compile/compilation.ts'
import type { CompileOptions } from '../compile/output.ts'
import { type RouteStatus, routeStatuses } from '../gateway/route-status.ts'
import { Table } from '../gateway/table.ts'
import { encodeCanonical } from '../model/canonical.ts'
import { objectKey } from '../model/objects/object.ts'
import { compareProblems, type Problem } from '../model/problem.ts'
import type { Collection } from '../source/collect.ts'
import { locate, type Place } from '../source/place.ts'

/** What manifests, or the objects of a cluster, come to: the same compiler and the same table as a running gateway. */
export interface Inspection {
  readonly problems: readonly Problem<string>[]
  readonly routes: readonly RouteStatus[]
  readonly table: Table
  /** How many Services were read. */
  readonly services: number
}

/**
 * @param place where the gateway stands that would route by them
 * @param at when certificates are judged, ms since the Unix epoch; otherwise they are not
 */
export function inspect(
  { objects, problems, places, withheld = [] }: Collection,
  options: CompileOptions,
  place?: ConstructorParameters<typeof Table>[0],
  at?: number,
): Inspection {
  const compilation = new Compilation(options)
  const changes = compilation.apply([
    ...[...objects.values()].map((object) => ({ type: 'put', object }) as const),
    { type: 'found', facet: 'source', problems },
    ...withheld.map((key) => ({ type: 'withheld', key, reason: 'unread' }) as const),
    ...(at === undefined ? [] : [{ type: 'time', at } as const]),
  ])
  const table = new Table(place)
  table.apply(
    changes.map(({ kind, key, value }) => ({
      kind,
      key,
      text: value === null ? null : encodeCanonical(value),
    })),
  )
  const exposed = new Set(
    changes.flatMap(({ kind, value }) =>
      kind === 'service' && value !== null ? objectKey('Service', value.namespace, value.name) : [],
    ),
  )
  return {
    problems: table
      .problems()
      .map((problem) => {
        const place = placeFor(problem, places, exposed)
        return place === undefined || problem.file !== undefined ? problem : locate(problem, place)
      })
      .sort(compareProblems),
    routes: routeStatuses(table),
    table,
    services: [...objects.values()].filter((object) => object.kind === 'Service').length,
  }
}

/** A Namespace that no manifest holds is told of where the first exposed Service in it stands. */
function placeFor(
  { kind, namespace, name }: Problem<string>,
  places: Collection['places'],
  exposed: ReadonlySet<string>,
): Place | undefined {
  const own = places.get(objectKey(kind, namespace, name))
  if (own !== undefined || kind !== 'Namespace') return own
  const within = objectKey('Service', name, '')
  const [, place] = [...places].find(([key]) => key.startsWith(within) && exposed.has(key)) ?? []
  return place
}
