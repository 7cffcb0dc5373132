import { encodeCanonical } from '../../model/canonical.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { foldFieldName } from '../../model/field-name.ts'
import type { JwtPolicy } from '../../model/jwt-policy.ts'
import { findToken, type TokenBearer } from '../../policy/jwt/find-token.ts'
import { portableDigest } from '../../registry/digest.ts'

/** What a Service asks of tokens, ready to be asked. */
export interface TokenCheck {
  /** The same for whoever asks the same. */
  readonly id: string
  readonly policy: JwtPolicy
  /** Fields that no client may send, folded; undefined: none. */
  readonly ownFields: ReadonlySet<string> | undefined
}

/** How a token that cannot be let in is refused. */
export type TokenFault = Extract<ErrorCode, `token-${string}`>

/** What is known of a token. */
export type TokenVerdict =
  | { readonly type: 'admitted'; readonly fields: readonly string[] }
  | { readonly type: 'refused'; readonly error: TokenFault }

/** What came of a request's token; `wait`: nobody knows yet. */
export type TokenAnswer =
  | TokenVerdict
  | { readonly type: 'wait'; readonly check: TokenCheck; readonly token: string }

/** Looks up what is known of a token; undefined: it has to be verified first. */
export type TokenVerdicts = (check: TokenCheck, token: string) => TokenVerdict | undefined

export function readTokenCheck(policy: JwtPolicy | undefined): TokenCheck | undefined {
  if (policy === undefined) return undefined
  const names = policy.headers.map(({ field }) => foldFieldName(field))
  return {
    id: portableDigest(encodeCanonical(policy)),
    policy,
    ownFields: names.length === 0 ? undefined : new Set(names),
  }
}

/** @param query of the request's target, with its `?` */
export function askToken(
  check: TokenCheck,
  bearer: TokenBearer,
  query: string,
  verdicts: TokenVerdicts | undefined,
): TokenAnswer {
  const found = findToken(bearer, query, check.policy.places)
  if (found.type === 'none') return { type: 'refused', error: 'token-missing' }
  if (found.type === 'unclear') return { type: 'refused', error: 'token-unclear' }
  return verdicts?.(check, found.token) ?? { type: 'wait', check, token: found.token }
}
