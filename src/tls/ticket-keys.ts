import { hexOf } from './client-hello.ts'

/** A key of session tickets (RFC 5077 §4): 16 bytes name, 16 bytes for the HMAC, 16 for AES, as Node takes them. */
export interface TicketKey {
  /** In hexadecimal: every ticket begins with it. */
  readonly name: string
  readonly bytes: Uint8Array
}

export const TICKET_KEY_BYTES = 48
const MAX_KEYS = 8
const LINE = /^[A-Za-z0-9+/]{64}$/

export type TicketKeysParse =
  | { readonly ok: true; readonly keys: readonly TicketKey[] }
  | { readonly ok: false; readonly reason: string }

/** Keys as a file has them: one in base64 on each line (`openssl rand -base64 48`). The reason never repeats one. */
export function parseTicketKeys(text: string): TicketKeysParse {
  const lines = text.split('\n').map((line) => line.trim())
  const written = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (written.length === 0) return { ok: false, reason: 'no key is in it' }
  if (written.length > MAX_KEYS) return { ok: false, reason: `more than ${MAX_KEYS} keys` }
  const wrong = written.findIndex((line) => !LINE.test(line))
  if (wrong >= 0) return { ok: false, reason: `key ${wrong + 1} is not 48 bytes in base64` }
  const keys = written.map((line) => ticketKey(Uint8Array.from(atob(line), (byte) => byte.charCodeAt(0))))
  const isEachOther = new Set(keys.map(({ name }) => name)).size === keys.length
  return isEachOther ? { ok: true, keys } : { ok: false, reason: 'two keys have one name' }
}

export function ticketKey(bytes: Uint8Array): TicketKey {
  return { name: hexOf(bytes.subarray(0, 16)), bytes }
}

/** The keys in force: the first makes tickets, the others are still good for those that they have made. */
export class TicketRing {
  #keys: readonly TicketKey[]

  constructor(keys: readonly [TicketKey, ...TicketKey[]]) {
    this.#keys = keys
  }

  set(keys: readonly TicketKey[]): void {
    if (keys.length > 0) this.#keys = keys
  }

  /** The key of the ticket that a client shows, else the one that makes new ones. */
  keyFor(shown: readonly string[]): TicketKey {
    const [first] = this.#keys
    if (first === undefined) throw new Error('Cannot choose a ticket key: there is none')
    for (const name of shown) {
      const key = this.#keys.find((one) => one.name === name)
      if (key !== undefined) return key
    }
    return first
  }
}
