import type { Rule, ServiceRecord } from '../model/records.ts'
import { provesIdentity } from './backend-tls/service-tls.ts'
import type { Table } from './table.ts'
import type { TableService } from './table-service.ts'

/** One exposed place: a host, a path, and what is behind it now. */
export interface RouteStatus {
  /** Where a gateway serves several: whose it is. */
  readonly cluster?: string
  readonly host: string
  readonly path: string
  readonly pathType: Rule['path']['type']
  /** namespace/name:port, null where the rule cannot be served. */
  readonly service: string | null
  readonly target: ServiceRecord['target']['type'] | null
  /** How many endpoints may receive requests. */
  readonly endpoints: number
  /** Why it is not served now, whatever its endpoints. */
  readonly problem: string | null
  /** On a wildcard host of a headless Service's Pods: the labels that may stand for the `*`. */
  readonly pods: readonly string[] | null
}

/**
 * Every place of a table, by host and then in the order in which the paths are tried.
 * @param isStale whether the table is too old for addresses of Pods
 */
export function routeStatuses(table: Table, isStale = false): RouteStatus[] {
  const routes = [...table.routes()].sort((a, b) => (a.host < b.host ? -1 : 1))
  return routes.flatMap(({ host, rules }) => rules.map((rule) => routeStatus(table, host, rule, isStale)))
}

function routeStatus(table: Table, host: string, { path, action }: Rule, isStale: boolean): RouteStatus {
  const service = action.type === 'forward' ? table.service(action.service) : undefined
  const byName = action.type === 'forward' && action.endpoint === 'by-hostname'
  return {
    ...(table.cluster !== undefined && { cluster: table.cluster }),
    host,
    path: path.value,
    pathType: path.type,
    service: service?.key ?? null,
    target: service?.record.target.type ?? null,
    endpoints: service?.candidates.length ?? 0,
    problem: problemOf(action, service, isStale),
    pods: byName ? [...(service?.byHostname?.keys() ?? [])].sort() : null,
  }
}

function problemOf(
  action: Rule['action'],
  service: TableService | undefined,
  isStale: boolean,
): string | null {
  if (action.type === 'unavailable') return action.problem
  if (service?.tls?.fault !== undefined) return 'backend-tls-unavailable'
  const mayBeAnothers = service?.record.target.type === 'pod' && !provesIdentity(service.tls)
  return isStale && mayBeAnothers ? 'registry-stale' : null
}
