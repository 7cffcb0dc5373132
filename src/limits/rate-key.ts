import type { RateLimit } from '../model/limits.ts'

/** What is known of who comes, beside the address: nothing that anybody could make up. */
export interface Known {
  /** What the verified token says by the claim that counts. */
  readonly subject: string | undefined
  /** Of the API key. */
  readonly keyId: string | undefined
}

const UNKNOWN: Known = { subject: undefined, keyId: undefined }

/**
 * Who shares an allowance, as text. The first letter keeps the kinds apart: nobody takes a client's allowance by sending
 * its address as a header.
 *
 * @param client normalised address
 */
export function rateKeyOf(
  { key }: Pick<RateLimit, 'key'>,
  client: string,
  field: (name: string) => string | undefined,
  { subject, keyId }: Known = UNKNOWN,
): string {
  switch (key.type) {
    case 'route':
      return 'r'
    case 'client':
      return clientKey(client)
    case 'header': {
      // Who leaves it out gains nothing by that.
      const value = field(key.name)
      return value === undefined ? clientKey(client) : `h${value}`
    }
    case 'claim':
      return subject === undefined ? clientKey(client) : `t${subject}`
    case 'api-key':
      return keyId === undefined ? clientKey(client) : `k${keyId}`
  }
}

/**
 * One subscriber has a whole /64 of IPv6 at least (RFC 6177), and could be another client with each request. Read off the
 * normal form (RFC 5952): to parse the address would take ten times as long as all the rest.
 */
export function clientKey(client: string): string {
  if (!client.includes(':')) return `c${client}`
  const [before = '', after] = client.split('::')
  const groups = before === '' ? [] : before.split(':')
  if (after !== undefined) {
    const rest = after === '' ? [] : after.split(':')
    while (groups.length + rest.length < 8) groups.push('0')
    groups.push(...rest)
  }
  return `c${groups.slice(0, 4).join(':')}`
}

/**
 * 53 bits of a key: no part of what clients send is kept, however long it is. The seed is each process's own, so that nobody
 * can look for two keys of one hash.
 */
export function hashKey(text: string, seed: number): number {
  let high = 0x811c9dc5 ^ seed
  let low = Math.imul(0x9e3779b1 ^ seed, 0x85ebca6b)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    high = Math.imul(high ^ unit, 0x01000193)
    low = Math.imul(low ^ unit ^ (low >>> 15), 0xc2b2ae35)
  }
  return (high >>> 0) * 0x20_0000 + ((low ^ (low >>> 16)) >>> 11)
}
