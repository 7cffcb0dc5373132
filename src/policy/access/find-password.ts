import type { Bearer } from '../places.ts'

export interface UserPassword {
  readonly name: string
  readonly password: string
}

export type PasswordFind =
  | ({ readonly type: 'password' } & UserPassword)
  | { readonly type: 'none' }
  /** Basic credentials that cannot be read. */
  | { readonly type: 'unclear' }

/** Any spelling of the scheme (RFC 9110 §11.1). */
const BASIC = /^basic(?: +|$)/i
/** RFC 7617 §2, as token68. Two fields were joined by a comma, which it does not hold. */
const TOKEN68 = /^[A-Za-z0-9+/]+={0,2}$/
/** Nobody types more, and a hash is taken of all of it. */
const MAX_TEXT = 1_024
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 §2 allows none of them
const CONTROL = /[\x00-\x1f\x7f]/

/** The user and the password of a request (RFC 7617), read as UTF-8. */
export function findPassword(bearer: Bearer): PasswordFind {
  const value = bearer.field('authorization')
  if (value === undefined || !BASIC.test(value)) return { type: 'none' }
  const text = textOf(value.replace(BASIC, '').trimEnd())
  const at = text?.indexOf(':') ?? -1
  if (text === undefined || at < 0 || CONTROL.test(text)) return { type: 'unclear' }
  return { type: 'password', name: text.slice(0, at), password: text.slice(at + 1) }
}

function textOf(token: string): string | undefined {
  if (token.length > MAX_TEXT || !TOKEN68.test(token)) return undefined
  try {
    const bytes = Uint8Array.from(atob(token), (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
