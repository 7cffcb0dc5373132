import { Buffer } from 'node:buffer'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'

export interface V2Parts {
  readonly command?: number
  readonly family?: number
  /** Addresses and TLVs, one character for one byte. */
  readonly block?: string
  /** By default the block's own. */
  readonly length?: number
}

/** A header of version 2, right or wrong, one character for one byte. */
export function v2Header({ command = 0x21, family = 0x11, block = '', length }: V2Parts): string {
  const rest = length ?? block.length
  return SIGNATURE + String.fromCharCode(command, family, rest >> 8, rest & 255) + block
}

/** 203.0.113.9:4711 → 192.0.2.1:80 */
export const IPV4_BLOCK = '\xcb\x00\x71\x09\xc0\x00\x02\x01\x12\x67\x00\x50'
/** [2001:db8::7]:4711 → [2001:db8::1]:80 */
export const IPV6_BLOCK = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x07\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01\x12\x67\x00\x50`
export const UNIX_BLOCK = `/run/client${'\0'.repeat(97)}/run/server${'\0'.repeat(97)}`

export function octets(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}
