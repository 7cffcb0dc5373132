/** What is read of a ClientHello (RFC 8446 §4.1.2) before anybody answers it. */
export interface ClientHello {
  /** As it was sent; undefined: the client names nobody. */
  readonly serverName: string | undefined
  /** Names, in hexadecimal, of the keys that the tickets it shows were made with. */
  readonly ticketKeyNames: readonly string[]
}

export type HelloRead =
  | { readonly type: 'more' }
  | { readonly type: 'hello'; readonly hello: ClientHello }
  | { readonly type: 'fault'; readonly reason: 'not-tls' | 'hello-invalid' }

/** The longest that is read: hellos with post-quantum keys and a ticket stay far below. */
export const MAX_HELLO_BYTES = 32_768

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const SESSION_TICKET = 35
const PRE_SHARED_KEY = 41
const KEY_NAME_BYTES = 16
const NAME = /^[\x21-\x7e]{1,255}$/

/**
 * Reads the first message of a TLS connection off the bytes that have come. Whoever answers it reads it again, and more
 * strictly: this only looks for whom it is, and what comes of it is compared afterwards.
 */
export function readClientHello(bytes: Uint8Array): HelloRead {
  const message = joinRecords(bytes)
  if (message === 'not-tls' || message === 'hello-invalid') return { type: 'fault', reason: message }
  if (message === undefined) return bytes.length > MAX_HELLO_BYTES ? invalid : more
  try {
    return { type: 'hello', hello: parseHello(new Reader(message)) }
  } catch (error) {
    if (error instanceof RangeError) return invalid
    throw error
  }
}

const more: HelloRead = { type: 'more' }
const invalid: HelloRead = { type: 'fault', reason: 'hello-invalid' }

/** The message, out of one record or several; undefined: more must come. */
function joinRecords(bytes: Uint8Array): Uint8Array | 'not-tls' | 'hello-invalid' | undefined {
  const joined: number[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== HANDSHAKE) return at === 0 ? 'not-tls' : 'hello-invalid'
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return at === 0 ? 'not-tls' : 'hello-invalid'
    if (at + 5 > bytes.length) return undefined
    const length = uint16(bytes, at + 3)
    // An empty record would let a client send for ever (RFC 8446 §5.1).
    if (length === 0 || length > 16_384) return 'hello-invalid'
    const end = Math.min(bytes.length, at + 5 + length)
    for (const byte of bytes.subarray(at + 5, end)) joined.push(byte)
    if (joined.length > 0 && joined[0] !== CLIENT_HELLO) return 'hello-invalid'
    if (joined.length >= 4) {
      const size = (joined[1] ?? 0) * 65_536 + (joined[2] ?? 0) * 256 + (joined[3] ?? 0)
      if (size > MAX_HELLO_BYTES) return 'hello-invalid'
      if (joined.length >= 4 + size) return Uint8Array.from(joined.slice(4, 4 + size))
    }
    at += 5 + length
  }
  return undefined
}

function parseHello(hello: Reader): ClientHello {
  // Version and random, then what is not looked at.
  hello.skip(34)
  hello.vector(1)
  hello.vector(2)
  hello.vector(1)
  let serverName: string | undefined
  const ticketKeyNames: string[] = []
  // Before TLS 1.2 there may be none.
  if (hello.isOver) return { serverName, ticketKeyNames }
  const extensions = hello.vector(2)
  while (!extensions.isOver) {
    const type = extensions.number(2)
    const body = extensions.vector(2)
    if (type === SERVER_NAME) serverName = readServerName(body)
    else if (type === SESSION_TICKET) addKeyName(ticketKeyNames, body)
    else if (type === PRE_SHARED_KEY) {
      const identities = body.vector(2)
      while (!identities.isOver) {
        addKeyName(ticketKeyNames, identities.vector(2))
        identities.skip(4)
      }
    }
  }
  return { serverName, ticketKeyNames }
}

/** RFC 6066 §3: one name, of the only type there is. */
function readServerName(body: Reader): string {
  const list = body.vector(2)
  const type = list.number(1)
  const name = String.fromCharCode(...list.vector(2).rest())
  if (type !== 0 || !list.isOver || !NAME.test(name)) throw new RangeError('no server name')
  return name
}

/** Tickets of ours begin with the name of their key (RFC 5077 §4). */
function addKeyName(names: string[], ticket: Reader): void {
  const bytes = ticket.rest()
  if (bytes.length < KEY_NAME_BYTES || names.length >= 8) return
  names.push(hexOf(bytes.subarray(0, KEY_NAME_BYTES)))
}

export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)
}

/** Reads on, and throws a RangeError at the end. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isOver(): boolean {
    return this.#at === this.#bytes.length
  }

  skip(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new RangeError('the message ends within a field')
    this.#at += count
  }

  number(size: 1 | 2): number {
    const at = this.#at
    this.skip(size)
    return size === 1 ? (this.#bytes[at] ?? 0) : uint16(this.#bytes, at)
  }

  /** What stands behind its own length. */
  vector(sizeOfLength: 1 | 2): Reader {
    const length = this.number(sizeOfLength)
    const at = this.#at
    this.skip(length)
    return new Reader(this.#bytes.subarray(at, at + length))
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at)
  }
}
