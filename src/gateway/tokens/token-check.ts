import { encodeCanonical } from '../../model/canonical.ts'
import type { CredentialRecord } from '../../model/credential-records.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { foldFieldName } from '../../model/field-name.ts'
import type { JwtPolicy } from '../../model/jwt-policy.ts'
import type { RateLimit } from '../../model/limits.ts'
import { findToken } from '../../policy/jwt/find-token.ts'
import type { Bearer } from '../../policy/places.ts'
import { portableDigest } from '../../registry/digest.ts'
import type { Credential } from '../access/credential-book.ts'

/** What a Service asks of tokens, ready to be asked. */
export interface TokenCheck {
  /** The same for whoever asks the same. */
  readonly id: string
  readonly policy: JwtPolicy
  /** Fields that no client may send, folded. */
  readonly ownFields: readonly string[]
  /** Keys of the credentials that hold keys of its issuers. */
  readonly credentials: readonly string[]
  /** The claim by which requests are counted. */
  readonly rateClaim: string | undefined
}

/** How a token that cannot be let in is refused. */
export type TokenFault = Extract<ErrorCode, `token-${string}`>

/** What is known of a token. */
export type TokenVerdict =
  | {
      readonly type: 'admitted'
      readonly fields: readonly string[]
      /** What the claim says by which requests are counted, and of which issuer's it is. */
      readonly subject: string | undefined
    }
  | { readonly type: 'refused'; readonly error: TokenFault }

/** A token, and all that is needed to verify it. */
export interface TokenQuestion {
  readonly check: TokenCheck
  readonly token: string
  /** Those of the check that are there. */
  readonly credentials: readonly Credential[]
}

/** What came of a request's token; `wait`: nobody knows yet. */
export type TokenAnswer = TokenVerdict | { readonly type: 'wait'; readonly question: TokenQuestion }

/** Looks up what is known of a token; undefined: it has to be verified first. */
export type TokenVerdicts = (question: TokenQuestion) => TokenVerdict | undefined

/** @param rate of the same Service, which may count by a claim */
export function readTokenCheck(policy: JwtPolicy | undefined, rate?: RateLimit): TokenCheck | undefined {
  if (policy === undefined) return undefined
  const rateClaim = rate?.key.type === 'claim' ? rate.key.name : undefined
  return {
    id: portableDigest(encodeCanonical([policy, rateClaim ?? null])),
    policy,
    ownFields: policy.headers.map(({ field }) => foldFieldName(field)),
    credentials: policy.issuers.flatMap(({ jwksCredential }) => jwksCredential ?? []),
    rateClaim,
  }
}

/**
 * @param query of the request's target, with its `?`
 * @param credentialOf what the table holds of credentials
 */
export function askToken(
  check: TokenCheck,
  bearer: Bearer,
  query: string,
  verdicts: TokenVerdicts | undefined,
  credentialOf: (key: string) => CredentialRecord | undefined,
): TokenAnswer {
  const found = findToken(bearer, query, check.policy.places)
  if (found.type === 'none') return { type: 'refused', error: 'token-missing' }
  if (found.type === 'unclear') return { type: 'refused', error: 'token-unclear' }
  const question = { check, token: found.token, credentials: credentialsOf(check, credentialOf) }
  return verdicts?.(question) ?? { type: 'wait', question }
}

const NONE: readonly Credential[] = []

function credentialsOf(
  { credentials }: TokenCheck,
  credentialOf: (key: string) => CredentialRecord | undefined,
): readonly Credential[] {
  if (credentials.length === 0) return NONE
  return credentials.flatMap((key) => {
    const record = credentialOf(key)
    return record === undefined ? [] : [{ key, record }]
  })
}
