import { editsBetween } from '../../model/edits.ts'
import type { RouteRecord } from '../../model/records.ts'
import { unicodeHost } from '../../model/unicode-host.ts'

const SHOWN = 3

/**
 * Hosts that somebody may have meant: a slip of the pen away, or the same name elsewhere. They are compared as people
 * write them, since one letter changes all of an A-label; beside it the A-label stands, for letters that look alike.
 */
export function nearHosts(host: string, routes: Iterable<RouteRecord>): string[] {
  const wanted = unicodeHost(host)
  const most = Math.max(2, Math.floor(wanted.length / 10))
  const [first = ''] = host.split('.')
  const near: { host: string; edits: number }[] = []
  for (const route of routes) {
    const isNamesake = route.host.startsWith(`${first}.`)
    const edits = isNamesake ? 1 : editsBetween(unicodeHost(route.host), wanted)
    if (edits <= most) near.push({ host: route.host, edits })
  }
  return near
    .sort((a, b) => a.edits - b.edits || (a.host < b.host ? -1 : 1))
    .slice(0, SHOWN)
    .map((each) => bothForms(each.host))
}

function bothForms(host: string): string {
  const unicode = unicodeHost(host)
  return unicode === host ? host : `${unicode} (${host})`
}
