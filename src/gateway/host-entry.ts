import { patternsOf } from '../model/host.ts'
import type { RouteRecord, ServiceRecord } from '../model/records.ts'
import { credentialsOf } from '../registry/credentials-of.ts'
import type { Head } from '../registry/head.ts'
import { ownerOf } from '../registry/owner.ts'
import { type HostRead, type StoredRecord, sizeOf } from '../registry/port.ts'
import { Table } from './table.ts'

/** What is known of one host. */
export interface HostEntry {
  readonly table: Table
  readonly route: RouteRecord | undefined
  readonly head: Head
  readonly etag: string
  /** Leaves of the hash tree whose change this host must hear of. */
  readonly owners: ReadonlySet<string>
  /** When it was last read, or 0 when it is known to have changed since. */
  readonly readAt: number
  /** Until when a request is taken to be reading it: a time and not a promise, which other requests must not await. */
  readonly readingUntil: number
  /** Memory that it takes, about. */
  readonly bytes: number
}

/** Compiled objects take about so many times the room of their text, and a table without any some more. */
const TEXT_FACTOR = 6
const TABLE_BYTES = 3_000

/** What a host is served from, as it was read at a moment. @throws Error when a record cannot be read */
export function readEntry(
  host: string,
  { head, etag, records }: Exclude<HostRead, { type: 'unchanged' }>,
  now: number,
): HostEntry {
  const table = new Table()
  const [trouble] = table.apply(records)
  if (trouble !== undefined) throw trouble
  const route = table.route(host)
  const owners = ownersOf(host, route, records, (key) => table.service(key)?.record)
  const bytes = TABLE_BYTES + TEXT_FACTOR * sizeOf(records)
  return { table, route, head, etag, owners, readAt: now, readingUntil: 0, bytes }
}

function ownersOf(
  host: string,
  route: RouteRecord | undefined,
  records: readonly StoredRecord[],
  serviceOf: (key: string) => ServiceRecord | undefined,
): ReadonlySet<string> {
  const owners = new Set(records.map(({ kind, key }) => ownerOf(kind, key)))
  // A route that is not there yet could answer as well.
  for (const pattern of patternsOf(host)) owners.add(ownerOf('route', pattern))
  // A service that the route names may come later, and so may what its clients are compared with.
  for (const { action } of route?.rules ?? []) {
    if (action.type !== 'forward') continue
    owners.add(ownerOf('service', action.service))
    const service = serviceOf(action.service)
    for (const key of service === undefined ? [] : credentialsOf(service))
      owners.add(ownerOf('credential', key))
  }
  return owners
}
