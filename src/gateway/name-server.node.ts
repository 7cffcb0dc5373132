import { Resolver } from 'node:dns/promises'
import type { Answer } from './external-names.ts'

const TIMEOUT_MS = 2_000
const TRIES = 2
/** What an answer without any record of a family is called. */
const NO_DATA: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND'])

/** Asks a name server, or the system's, for both families. @param server `host:port` */
export function nameServer(server: string | undefined): (name: string) => Promise<Answer> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  if (server !== undefined) resolver.setServers([server])
  return async (name) => {
    const families = await Promise.allSettled([
      resolver.resolve4(name, { ttl: true }),
      resolver.resolve6(name, { ttl: true }),
    ])
    const records = families.flatMap((family) => (family.status === 'fulfilled' ? family.value : []))
    const failures = families.flatMap((family) => (family.status === 'rejected' ? [family.reason] : []))
    // A name without IPv6 addresses is no failure; one without any is.
    const failure = failures.find((reason) => !isNoData(reason)) ?? failures[0]
    if (records.length === 0) throw failure ?? new Error('no address')
    return {
      addresses: records.map(({ address }) => address),
      ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)),
    }
  }
}

function isNoData(reason: unknown): boolean {
  return reason instanceof Error && 'code' in reason && NO_DATA.has(String(reason.code))
}
