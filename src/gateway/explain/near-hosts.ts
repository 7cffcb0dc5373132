import { editsBetween } from '../../model/edits.ts'
import type { RouteRecord } from '../../model/records.ts'

const SHOWN = 3

/** Hosts that somebody may have meant: a slip of the pen away, or the same name elsewhere. */
export function nearHosts(host: string, routes: Iterable<RouteRecord>): string[] {
  const most = Math.max(2, Math.floor(host.length / 10))
  const [first = ''] = host.split('.')
  const near: { host: string; edits: number }[] = []
  for (const route of routes) {
    const isNamesake = route.host.startsWith(`${first}.`)
    const edits = isNamesake ? 1 : editsBetween(route.host, host)
    if (edits <= most) near.push({ host: route.host, edits })
  }
  return near
    .sort((a, b) => a.edits - b.edits || (a.host < b.host ? -1 : 1))
    .slice(0, SHOWN)
    .map((each) => each.host)
}
