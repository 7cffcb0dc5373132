import { readIpv4, readIpv6 } from '../model/ip-text.ts'
import type { ProxySource } from '../model/proxy-source.ts'
import { decodeOctets } from './octets.ts'

/** haproxy.org/download/3.2/doc/proxy-protocol.txt, as far as it has been read. */
export type ProxyHeader =
  /** More has to come. */
  | { readonly type: 'more' }
  /** Length: where what it speaks for begins. */
  | { readonly type: 'header'; readonly source: ProxySource; readonly length: number }
  | { readonly type: 'fault'; readonly reason: string }

const MORE: ProxyHeader = { type: 'more' }

const V1_START = [...'PROXY '].map((letter) => letter.charCodeAt(0))
/** The longest line that version 1 can need, with its CRLF. */
const V1_BYTES = 107
const V2_START = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
const V2_FIXED_BYTES = 16
/** Addresses and TLVs: these may carry a certificate, but a client must not have us hold 64 KiB before it is known. */
const V2_REST_BYTES = 4_096

/** As much as a header can have: whoever reads need never hold more. */
export const MAX_PROXY_HEADER_BYTES = V2_FIXED_BYTES + V2_REST_BYTES

/** Reads the header of either version from all that has come so far. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startsWith(bytes, V2_START)) return readV2(bytes)
  if (startsWith(bytes, V1_START)) return readV1(bytes)
  return fault('it does not begin with a PROXY header')
}

/** Whether the bytes are a start's, as far as both go. */
function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => i >= bytes.length || bytes[i] === byte)
}

function readV1(bytes: Uint8Array): ProxyHeader {
  const line = bytes.subarray(0, V1_BYTES)
  const end = line.findIndex((byte) => byte === 0x0d || byte === 0x0a)
  if (end < 0) return bytes.length < V1_BYTES ? MORE : fault(`the line is longer than ${V1_BYTES} bytes`)
  if (line[end] === 0x0d && end + 1 === bytes.length && bytes.length < V1_BYTES) return MORE
  if (line[end] !== 0x0d || line[end + 1] !== 0x0a) return fault('the line does not end with CRLF')
  const source = readV1Line(decodeOctets(line, V1_START.length, end))
  return source === undefined
    ? fault('the line is not PROXY, TCP4, TCP6 or UNKNOWN, two addresses and two ports')
    : { type: 'header', source, length: end + 2 }
}

/** What follows `PROXY `. */
function readV1Line(text: string): ProxySource | undefined {
  // Whatever else it says must be ignored.
  if (text === 'UNKNOWN' || text.startsWith('UNKNOWN ')) return { type: 'itself' }
  const [family, source, target, sourcePort, targetPort, ...rest] = text.split(' ')
  if (source === undefined || target === undefined || rest.length > 0) return undefined
  if (!isPort(sourcePort) || !isPort(targetPort)) return undefined
  const read = family === 'TCP4' ? readIpv4 : family === 'TCP6' ? readIpv6 : undefined
  if (read === undefined || read(source) === undefined || read(target) === undefined) return undefined
  return { type: 'client', address: source }
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function readV2(bytes: Uint8Array): ProxyHeader {
  const [command = 0, family = 0, high = 0, low = 0] = bytes.subarray(V2_START.length, V2_FIXED_BYTES)
  // Told as soon as it is seen: a fault must not wait for what never comes.
  if (bytes.length > V2_START.length && command !== 0x20 && command !== 0x21) {
    return fault(`version and command are ${hex(command)}, not 0x20 or 0x21`)
  }
  if (bytes.length < V2_FIXED_BYTES) return MORE
  const rest = (high << 8) | low
  if (rest > V2_REST_BYTES)
    return fault(`it has ${rest} bytes after the first ${V2_FIXED_BYTES}, more than ${V2_REST_BYTES}`)
  const length = V2_FIXED_BYTES + rest
  if (bytes.length < length) return MORE
  // LOCAL: the family is ignored as well.
  if (command === 0x20) return { type: 'header', source: { type: 'itself' }, length }
  const source = readV2Source(family, bytes.subarray(V2_FIXED_BYTES, length))
  return typeof source === 'string' ? fault(source) : { type: 'header', source, length }
}

/** TLVs after the addresses are passed over. @returns why there is none */
function readV2Source(family: number, block: Uint8Array): ProxySource | string {
  switch (family) {
    case 0x00:
      return { type: 'itself' }
    case 0x11:
      if (block.length < 12) return 'it ends within its addresses'
      return { type: 'client', address: block.subarray(0, 4).join('.') }
    case 0x21:
      if (block.length < 36) return 'it ends within its addresses'
      return { type: 'client', address: ipv6Of(block.subarray(0, 16)) }
    case 0x31:
      return block.length < 216 ? 'it ends within its addresses' : { type: 'no-address' }
    default:
      return `family and transport are ${hex(family)}: no stream that is known`
  }
}

function ipv6Of(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i).toString(16)).join(':')
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

function fault(reason: string): ProxyHeader {
  return { type: 'fault', reason }
}
