import { Compilation } from '../compile/compilation.ts'
import type { CompileOptions } from '../compile/output.ts'
import { type RouteStatus, routeStatuses } from '../gateway/route-status.ts'
import { Table } from '../gateway/table.ts'
import { encodeCanonical } from '../model/canonical.ts'
import { compareProblems, type Problem } from '../model/problem.ts'
import type { Collection } from '../source/collect.ts'

/** What manifests come to: the same compiler and the same table as a running gateway. */
export interface Inspection {
  readonly problems: readonly Problem<string>[]
  readonly routes: readonly RouteStatus[]
  readonly table: Table
  /** How many Services were read. */
  readonly services: number
}

export function inspect({ objects, problems }: Collection, options: CompileOptions): Inspection {
  const compilation = new Compilation(options)
  const changes = compilation.apply([
    ...[...objects.values()].map((object) => ({ type: 'put', object }) as const),
    { type: 'found', facet: 'source', problems },
  ])
  const table = new Table()
  table.apply(
    changes.map(({ kind, key, value }) => ({
      kind,
      key,
      text: value === null ? null : encodeCanonical(value),
    })),
  )
  return {
    problems: table.problems().sort(compareProblems),
    routes: routeStatuses(table),
    table,
    services: [...objects.values()].filter((object) => object.kind === 'Service').length,
  }
}
