import { Hono } from 'hono'
import type { HostEntry } from '../../src/gateway/host-entry.ts'
import { type RouteStatus, routeStatuses } from '../../src/gateway/route-status.ts'
import type { TableService } from '../../src/gateway/table-service.ts'
import { BearerTokens } from '../../src/model/bearer-tokens.ts'
import type { Clock } from '../../src/model/clock.ts'
import type { Problem } from '../../src/model/problem.ts'
import type { SpanBuffer } from '../../src/telemetry/light/span-buffer.ts'
import type { WorkerGateway } from './gateway.ts'

/** On every host, whatever is exposed there: a Service cannot have paths below. */
export const RESERVED_PREFIX = '/.postern/'

export interface ReservedParts extends WorkerGateway {
  readonly clock: Pick<Clock, 'now'>
  readonly spans: SpanBuffer
  /** Opens the status; undefined: it stays shut. */
  readonly statusToken: string | undefined
}

/** What may be told of hosts at once: an answer has bounds as well. */
const MAX_HOSTS = 500

interface HostStatus {
  readonly host: string
  /** How long ago it was read from the registry. */
  readonly readMsAgo: number
  /** How long ago the cluster was seen as it is told here. */
  readonly observedMsAgo: number
  readonly position: HostEntry['head']['position']
  readonly routes: readonly RouteStatus[]
  readonly problems: readonly Problem[]
}

/** Health for everybody; the status of this isolate for those who hold the token. */
export function createReserved({ tables, limits, spans, clock, statusToken }: ReservedParts): Hono {
  const tokens = new BearerTokens(statusToken === undefined ? [] : [statusToken])
  const app = new Hono().basePath(RESERVED_PREFIX.slice(0, -1))
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.get('/health', (c) => c.text('ok'))
  app.get('/status', (c) => {
    if (!tokens.admits(c.req.header('authorization'))) {
      return c.json({ error: 'unauthorized' }, 401, { 'www-authenticate': 'Bearer' })
    }
    const now = clock.now()
    const wanted = c.req.query('host')
    const entries = [...tables.entries()].filter(([host]) => wanted === undefined || wanted === host)
    const hosts = entries.slice(0, MAX_HOSTS).map(([host, entry]): HostStatus => {
      const routes = routeStatuses(entry.table, tables.staleness(host, now) !== undefined)
      return {
        host,
        readMsAgo: now - entry.readAt,
        observedMsAgo: now - entry.head.observedAt,
        position: entry.head.position,
        routes,
        problems: limits.problems(servicesOf(entry, routes)),
      }
    })
    return c.json({ held: tables.size, spans: spans.counts, hosts })
  })
  app.notFound((c) => c.json({ error: 'not found' }, 404))
  app.onError((_error, c) => c.json({ error: 'internal' }, 500))
  return app
}

function servicesOf({ table }: HostEntry, routes: readonly RouteStatus[]): TableService[] {
  const keys = new Set(routes.flatMap(({ service }) => (service === null ? [] : [service])))
  return [...keys].flatMap((key) => table.service(key) ?? [])
}
