import * as v from 'valibot'
import type { EntryChanges, HeldSecret } from './acme-secrets.ts'

/** The entry that an order under way is kept in, beside the certificate that is still served. */
const ENTRY = 'postern.acme'

const pendingSchema = v.strictObject({
  /** The authority's: at another one the order is nobody's. */
  directory: v.string(),
  /** Where the authority keeps the order. */
  order: v.string(),
  hosts: v.array(v.string()),
  /** PEM: of the certificate to come. */
  key: v.string(),
})

/** An order that has been made and not come to an end. */
export type Pending = Readonly<v.InferOutput<typeof pendingSchema>>

/** @returns undefined when there is none, or none for exactly these hosts at this authority */
export function readPending(
  held: HeldSecret | undefined,
  hosts: readonly string[],
  directory: string,
): Pending | undefined {
  const text = held?.entries[ENTRY]
  if (text === undefined) return undefined
  try {
    const parsed = v.safeParse(pendingSchema, JSON.parse(text))
    if (!parsed.success || parsed.output.directory !== directory) return undefined
    return parsed.output.hosts.join() === hosts.join() ? parsed.output : undefined
  } catch {
    return undefined
  }
}

/** Kept before it is needed. A Secret of TLS must have both its entries, be they empty. */
export function keepPending(held: HeldSecret | undefined, pending: Pending): EntryChanges {
  const empty = held === undefined ? { 'tls.crt': '', 'tls.key': '' } : {}
  return { ...empty, [ENTRY]: JSON.stringify(pending) }
}

/** The certificate and its key in one write, so that nobody sees one with the key of another. */
export function keepIssued(pending: Pending, chain: string): EntryChanges {
  return { 'tls.crt': chain, 'tls.key': pending.key, [ENTRY]: null }
}

export const dropPending: EntryChanges = { [ENTRY]: null }
