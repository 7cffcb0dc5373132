import { createHmac, createPublicKey } from 'node:crypto'
import type { JWK, JWTPayload } from 'jose'
import { goodClaims, type TestIssuer } from './tokens.ts'

export function encoded(json: unknown): string {
  return Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url')
}

/** CVE-2015-9235: a token that says it needs no signature. A dot more would be no token at all. */
export function algNone(claims: JWTPayload, alg = 'none'): string {
  return `${encoded({ alg })}.${encoded(claims)}.${encoded('none')}`
}

/** CVE-2016-10555: the public key, which everybody has, as the secret of an HMAC. */
export function keyConfused(jwk: JWK, claims: JWTPayload): string {
  const secret = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const signed = `${encoded({ alg: 'HS256', kid: jwk.kid })}.${encoded(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** The token with more in its header, and the signature as it was. */
export function withHeader(token: string, more: object): string {
  const [header = '', ...rest] = token.split('.')
  const read: object = JSON.parse(Buffer.from(header, 'base64url').toString())
  return [encoded({ ...read, ...more }), ...rest].join('.')
}

/** Well signed, and with a member twice: one reader takes the first, another the last. */
export async function duplicated(issuer: TestIssuer, part: 'header' | 'payload'): Promise<string> {
  const claims = JSON.stringify(goodClaims())
  const header = '{"alg":"ES256","kid":"first"}'
  return part === 'header'
    ? await issuer.signText('{"alg":"none","\\u0061lg":"ES256","kid":"first"}', claims)
    : await issuer.signText(header, claims.replace('{', '{"sub":"root",'))
}
