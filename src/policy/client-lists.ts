import { parseCidr } from '../model/address.ts'
import type { AddressSet, Caller } from '../model/address-set.ts'
import type { ClientListsRecord } from '../model/limits.ts'
import { readSources, setOf } from './sources.ts'

/** Allow and deny lists of a Service, ready to be asked. */
export interface ClientLists {
  /** Undefined: everyone. */
  readonly allow: AddressSet | undefined
  /** Undefined: nobody. */
  readonly deny: AddressSet | undefined
  /** Of the denied some cannot be read, so that nobody can be told from them. */
  readonly isClosed: boolean
}

/** What the lists say of a client. */
export type ListVerdict = 'admitted' | 'denied' | 'not-allowed'

/** Reads the lists of a service record. An allowed block that cannot be read admits nobody, a denied one closes all. */
export function readClientLists(record: ClientListsRecord | undefined): ClientLists | undefined {
  if (record === undefined) return undefined
  const deny = (record.deny ?? []).map(parseCidr)
  const readable = deny.filter((cidr) => cidr !== undefined)
  return {
    allow: readSources(record.allow),
    deny: readable.length === 0 ? undefined : setOf(readable),
    isClosed: readable.length < deny.length,
  }
}

/** Deny wins. @param client undefined when the address is not known: it may be anybody's, so that it is refused */
export function askClientLists(
  { allow, deny, isClosed }: ClientLists,
  client: Caller | undefined,
): ListVerdict {
  if (isClosed || (deny !== undefined && isDenied(deny, client))) return 'denied'
  return allow === undefined || allow.admits(client) ? 'admitted' : 'not-allowed'
}

/** Whoever stands behind a masked address may be one of them. */
function isDenied(deny: AddressSet, client: Caller | undefined): boolean {
  return client === undefined || client.isMasked || deny.has(client.address)
}
