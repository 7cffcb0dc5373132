import { base64url, decodeProtectedHeader } from 'jose'

/** Heads are told apart from whatever else the same key might sign (RFC 8725 §3.11). */
export const HEAD_TYPE = 'postern-head'
/** RFC 9864: names the curve too, so that nothing is left to choose. */
export const SIGNING_ALGORITHM = 'Ed25519'
/** `EdDSA` is what signers of before RFC 9864 call it: with a key of this curve it is the same. */
export const SIGNING_ALGORITHMS: readonly string[] = [SIGNING_ALGORITHM, 'EdDSA']

/** A compact JWS (RFC 7515 §7.1), as far as it can be read before it is verified. */
export interface Envelope {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: string
}

/** @returns undefined when the text is no compact JWS. */
export function openEnvelope(text: string): Envelope | undefined {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(text) ?? []
  if (payload === undefined) return undefined
  try {
    return { header: decodeProtectedHeader(text), payload: decodeText(base64url.decode(payload)) }
  } catch {
    return undefined
  }
}

/** @throws TypeError when the bytes are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}
