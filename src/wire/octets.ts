const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** RFC 9110 §5.6.2. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** RFC 9110 §5.5, one character for one byte: no CR, LF, NUL or other control but HTAB, nothing above 0xff. */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text)
}

/** The same for one byte of a line. */
export function isLineByte(byte: number): boolean {
  return byte >= 0x20 ? byte !== 0x7f : byte === 0x09
}

/** {@link isLineByte} of each byte, as 1 or 0. */
export const LINE_BYTES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  isLineByte(byte) ? 1 : 0,
)

const TOKEN_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  isToken(String.fromCharCode(byte)) ? 1 : 0,
)

/** RFC 9110 §5.6.2, one character. */
export function isTokenByte(byte: number): boolean {
  return TOKEN_BYTES[byte] === 1
}

/** Reads bytes `start` to `end` as text, one character for one byte. A platform may have a faster one of its own. */
export type DecodeOctets = (bytes: Uint8Array, start: number, end: number) => string

/** Text whose characters are bytes (ISO 8859-1), as bytes. TextEncoder would write UTF-8. */
export function encodeOctets(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** How many arguments a call may have is not specified; this many fit everywhere. */
const CALL_CHARS = 4096

/** Bytes as text, one character for one byte. TextDecoder's `latin1` is windows-1252, which changes 0x80 to 0x9f. */
export function decodeOctets(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = ''
  for (let i = start; i < end; i += CALL_CHARS) {
    // A spread would go through an iterator, at six times the cost.
    text += Reflect.apply(String.fromCharCode, null, bytes.subarray(i, Math.min(end, i + CALL_CHARS)))
  }
  return text
}

/** The pieces as one. A single piece is not copied. */
export function joinOctets(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces
  if (first !== undefined && pieces.length === 1) return first
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/**
 * A field's value where the runtime has decoded it as UTF-8 (Workers do), back as one character for one byte. Bytes
 * that were no UTF-8 are lost by then.
 */
export function encodeUtf8(text: string): string {
  return decodeOctets(new TextEncoder().encode(text))
}
