import type { RequestFraming } from './framing.ts'
import { encodeOctets, isFieldValue, isToken } from './octets.ts'
import { WireError } from './wire-error.ts'

export interface RequestHead {
  readonly method: string
  /** Path and query (origin-form, RFC 9112 §3.2.1), or `*` with OPTIONS. */
  readonly target: string
  /** [name, value, …], one character for one byte, with Host; without framing and connection fields: they are ours. */
  readonly fields: readonly string[]
  readonly framing: RequestFraming
  /** The protocol to change to, for example `websocket`; otherwise the connection closes after this exchange. */
  readonly upgrade: string | undefined
}

/** What would contradict our framing or keep the connection, were it written twice. */
const OURS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** No space, control or fragment, and ASCII only: a server that splits the line elsewhere would see another request. */
const TARGET = /^\/[!"$-~]*$/

/**
 * A request's head as bytes.
 * @throws WireError for what a recipient could read as anything but this one request
 */
export function encodeRequestHead(head: RequestHead): Uint8Array {
  const { method, target, fields, framing, upgrade } = head
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
  const connection =
    upgrade === undefined ? 'Connection: close' : `Connection: Upgrade\r\nUpgrade: ${upgrade}`
  return encodeOctets(
    `${method} ${target} HTTP/1.1\r\n${formatFields(fields)}${formatFraming(framing)}${connection}\r\n\r\n`,
  )
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

function formatFields(fields: readonly string[]): string {
  let text = ''
  let hosts = 0
  for (let i = 0; i < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]]
    if (!isToken(name)) {
      throw new WireError('field-name-invalid', `Cannot write a request: field ${JSON.stringify(name)}`)
    }
    if (!isFieldValue(value)) {
      throw new WireError('field-value-invalid', `Cannot write a request: value of field ${name}`)
    }
    const lower = name.toLowerCase()
    if (OURS.has(lower)) throw new WireError('field-ours', `Cannot write a request: field ${name} is ours`)
    if (lower === 'host') hosts++
    text += `${name}: ${value}\r\n`
  }
  // RFC 9112 §3.2: a request without Host, or with two, is for nobody.
  if (hosts !== 1) throw new WireError('host-invalid', `Cannot write a request: ${hosts} Host fields`)
  return text
}

function formatFraming(framing: RequestFraming): string {
  switch (framing.kind) {
    case 'none':
      return ''
    case 'fixed':
      if (!Number.isSafeInteger(framing.length) || framing.length < 0) {
        throw new WireError('length-invalid', `Cannot write a request: length ${framing.length}`)
      }
      return `Content-Length: ${framing.length}\r\n`
    case 'chunked':
      return 'Transfer-Encoding: chunked\r\n'
  }
}
