import type { RequestFraming } from './framing.ts'
import { formatFields, formatFraming } from './head-text.ts'
import { encodeOctets, isToken } from './octets.ts'
import { WireError } from './wire-error.ts'

export interface RequestHead {
  readonly method: string
  /** Path and query (origin-form, RFC 9112 §3.2.1), or `*` with OPTIONS. */
  readonly target: string
  /**
   * [name, value, …], one character for one byte, with Host; without framing and connection fields: they are ours. The
   * framing's own length may be among them.
   */
  readonly fields: readonly string[]
  readonly framing: RequestFraming
  /** The protocol to change to, for example `websocket`. */
  readonly upgrade: string | undefined
  /** Whether the connection may serve others after this exchange. */
  readonly keepsAlive: boolean
}

/** No space, control or fragment, and ASCII only: a server that splits the line elsewhere would see another request. */
const TARGET = /^\/[!"$-~]*$/

/**
 * A request's head as text, one character for one byte.
 * @throws WireError for what a recipient could read as anything but this one request
 */
export function formatRequestHead(head: RequestHead): string {
  const { method, target, fields, framing, upgrade, keepsAlive } = head
  // RFC 9110 §9.3.6: after CONNECT the connection is a tunnel, which is not what is framed here.
  if (!isToken(method) || method === 'CONNECT') {
    throw new WireError('method-invalid', `Cannot write a request: method "${method}"`)
  }
  if (!TARGET.test(target) && !(target === '*' && method === 'OPTIONS')) {
    throw new WireError('target-invalid', `Cannot write a request: target ${JSON.stringify(target)}`)
  }
  if (upgrade !== undefined && (framing.kind !== 'none' || !isToken(upgrade))) {
    throw new WireError('upgrade-invalid', `Cannot write a request: upgrade to "${upgrade}"`)
  }
  checkHost(fields)
  const connection =
    upgrade !== undefined
      ? `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
      : keepsAlive
        ? ''
        : 'Connection: close\r\n'
  const lines = formatFields('a request', fields, framing) + formatFraming('a request', framing)
  return `${method} ${target} HTTP/1.1\r\n${lines}${connection}\r\n`
}

/** The same as bytes. @throws WireError */
export function encodeRequestHead(head: RequestHead): Uint8Array {
  return encodeOctets(formatRequestHead(head))
}

/** One chunk of our body. An empty one would be the last, so there is none. */
export function encodeChunk(data: Uint8Array): Uint8Array {
  if (data.length === 0) return data
  const size = encodeOctets(`${data.length.toString(16)}\r\n`)
  const chunk = new Uint8Array(size.length + data.length + 2)
  chunk.set(size)
  chunk.set(data, size.length)
  chunk.set([0x0d, 0x0a], size.length + data.length)
  return chunk
}

/** The end of our body. */
export function encodeLastChunk(): Uint8Array {
  return encodeOctets('0\r\n\r\n')
}

/** RFC 9112 §3.2: a request without Host, or with two, is for nobody. */
function checkHost(fields: readonly string[]): void {
  let hosts = 0
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  if (hosts !== 1) throw new WireError('host-invalid', `Cannot write a request: ${hosts} Host fields`)
}
