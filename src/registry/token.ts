/** What may stand after `Bearer` (RFC 6750 §2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

export const TOKEN_RULE = 'a token consists of letters, digits and -._~+/, with = at its end only'

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}
