import { isToken, TOKEN_RULE } from '../registry/token.ts'
import type { ValueParse } from './values.ts'

/** Tokens as they were given, or the file they are in. */
export type Secret =
  | { readonly type: 'given'; readonly tokens: readonly string[] }
  | { readonly type: 'file'; readonly path: string }

/** Shorter ones can be guessed. */
const MIN_TOKEN = 16

/** `@FILE`, or tokens with commas between them. The reason never repeats one. */
export function parseSecret(text: string): ValueParse<Secret> {
  if (text.startsWith('@')) {
    const path = text.slice(1)
    return path === ''
      ? { ok: false, reason: '@ is not followed by a file' }
      : { ok: true, value: { type: 'file', path } }
  }
  const parsed = parseTokens(text)
  return parsed.ok ? { ok: true, value: { type: 'given', tokens: parsed.value } } : parsed
}

/** Tokens with commas or line ends between them, as in a file of them. */
export function parseTokens(text: string): ValueParse<readonly string[]> {
  const tokens = text.split(/[,\s]+/).filter((token) => token !== '')
  if (tokens.length === 0) return { ok: false, reason: 'no token is in it' }
  if (!tokens.every(isToken)) return { ok: false, reason: TOKEN_RULE }
  return tokens.every((token) => token.length >= MIN_TOKEN)
    ? { ok: true, value: tokens }
    : { ok: false, reason: `a token has at least ${MIN_TOKEN} characters` }
}
