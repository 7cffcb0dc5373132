import { type Annotation, define } from './annotation.ts'
import {
  parseAlgorithms,
  parseAudiences,
  parseClaimHeaders,
  parseClockSkew,
  parseIssuers,
  parseJwksSecrets,
  parseJwksUrls,
  parsePlaces,
  parseRequiredClaims,
} from './jwt-values.ts'

/** They say who may come in, and a check that is guessed at is none. */
const CLOSED = '503 for every request'

function guard<T>(annotation: Omit<Annotation<T>, 'whenInvalid'>): Annotation<T> {
  return define({ ...annotation, whenInvalid: CLOSED })
}

/** The annotations that ask clients for a JSON Web Token: docs/tokens.md tells how they go together. */
export const jwtAnnotations = {
  jwtIssuer: guard({
    name: 'jwt-issuer',
    summary:
      'Lets only requests in that carry a JSON Web Token of one of these issuers (docs/tokens.md). Needs `jwt-audience` beside it.',
    takes: 'at most 8 issuers, separated by commas, each exactly as the `iss` of its tokens has it',
    otherwise: 'nobody is asked for a token',
    example: 'https://login.example.com/',
    parse: parseIssuers,
  }),
  jwtAudience: guard({
    name: 'jwt-audience',
    summary:
      'Whom a token must be for: without this, one that a client got for any other application of the issuer would open this one.',
    takes: 'values of which `aud` must hold one, separated by commas; `*` for a token for anybody',
    otherwise: 'none, and with `jwt-issuer` that is a problem: 503',
    example: 'https://api.example.com',
    parse: parseAudiences,
  }),
  jwtJwksUrl: guard({
    name: 'jwt-jwks-url',
    summary:
      "Where each issuer's keys are (a JSON Web Key Set). Only public addresses are reached, by https, unless the operator allows others.",
    takes: 'one URL for each issuer, in the order of `jwt-issuer`, separated by commas',
    otherwise: 'those of `jwt-jwks-secret`, else what `<issuer>/.well-known/openid-configuration` names',
    example: 'https://login.example.com/keys.json',
    parse: parseJwksUrls,
  }),
  jwtJwksSecret: guard({
    name: 'jwt-jwks-secret',
    summary: "Where each issuer's keys are, instead of a URL: a JSON Web Key Set of public keys in a Secret.",
    takes:
      'one name of a Secret in the namespace of the Service for each issuer, in the order of `jwt-issuer`, separated by commas',
    otherwise: 'they are read by URL',
    example: 'login-keys',
    parse: parseJwksSecrets,
  }),
  jwtAlgorithms: guard({
    name: 'jwt-algorithms',
    summary: 'How tokens may be signed. Never by `none`, and never with a shared secret.',
    takes:
      'some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, separated by commas',
    otherwise: '`RS256, PS256, ES256, EdDSA, Ed25519`',
    example: 'ES256',
    parse: parseAlgorithms,
  }),
  jwtClockSkew: guard({
    name: 'jwt-clock-skew',
    summary: "How far the issuer's clock may be off when `exp` and `nbf` are looked at.",
    takes: 'a duration up to `5m`',
    otherwise: '`30s`',
    example: '10s',
    parse: parseClockSkew,
  }),
  jwtRequiredClaims: guard({
    name: 'jwt-required-claims',
    summary: 'What a token must say besides; 403 when it does not.',
    takes:
      'at most 16 claims, separated by commas: `name` must be there, `name=value` must have the value, or hold it if it is a list; `scope` is a list with spaces between',
    otherwise: 'nothing',
    example: 'scope=orders:read, email_verified=true',
    parse: parseRequiredClaims,
  }),
  jwtClaimHeaders: guard({
    name: 'jwt-claim-headers',
    summary:
      'Claims that the application gets as header fields. What a client sends under these names, in any spelling, never goes on.',
    takes: 'at most 16 of `claim=Field-Name`, separated by commas',
    otherwise: 'none',
    example: 'sub=X-User-Id, email=X-User-Email',
    parse: parseClaimHeaders,
  }),
  jwtFrom: guard({
    name: 'jwt-from',
    summary: 'Where a client may put its token. Of several places the first that holds one counts.',
    takes:
      'some of `bearer` (`Authorization: Bearer …`), `header:NAME`, `cookie:NAME`, `query:NAME`, separated by commas',
    otherwise: '`bearer`',
    example: 'bearer, cookie:session',
    parse: parsePlaces,
  }),
} as const
