import * as v from 'valibot'

/**
 * Signatures that may be asked for (RFC 7518 §3.1, RFC 8037, RFC 9864). Never `none`, and nothing with a shared secret:
 * a public key would be one that everybody knows.
 */
export const jwtAlgorithms = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const

export type JwtAlgorithm = (typeof jwtAlgorithms)[number]

/** Where a client may put its token, or its key. Names of fields are in lower case. */
export const placeSchema = v.strictObject({
  in: v.picklist(['bearer', 'header', 'cookie', 'query']),
  /** Of the field, the cookie or the parameter; '' for `bearer` (RFC 6750 §2.1). */
  name: v.string(),
})

/** What a token must say to be let in. */
export const jwtPolicySchema = v.strictObject({
  /**
   * `iss`, and where its keys are: at a URL, or in a credential record (namespace/name of its Secret); without either they
   * are found by OpenID Connect Discovery.
   */
  issuers: v.pipe(
    v.array(
      v.strictObject({
        issuer: v.string(),
        jwksUrl: v.optional(v.string()),
        jwksCredential: v.optional(v.string()),
      }),
    ),
    v.minLength(1),
  ),
  /** `aud` must hold one of these. Empty: a token for anybody will do. */
  audiences: v.array(v.string()),
  algorithms: v.pipe(v.array(v.picklist(jwtAlgorithms)), v.minLength(1)),
  clockSkewMs: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** All of them must be there, with the value if one is given. */
  claims: v.array(v.strictObject({ name: v.string(), value: v.optional(v.string()) })),
  /** Claims that the application gets, by the field's name; clients cannot send these fields. */
  headers: v.array(v.strictObject({ claim: v.string(), field: v.string() })),
  /** The first in which there is a token counts. */
  places: v.pipe(v.array(placeSchema), v.minLength(1)),
})

export type JwtPolicy = Readonly<v.InferOutput<typeof jwtPolicySchema>>
export type TokenPlace = JwtPolicy['places'][number]
export type RequiredClaim = JwtPolicy['claims'][number]
export type ClaimHeader = JwtPolicy['headers'][number]
export type Issuer = JwtPolicy['issuers'][number]
