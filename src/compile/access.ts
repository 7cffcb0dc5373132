import type { AccessPolicy, CachePart } from '../model/access-policy.ts'
import { foldFieldName } from '../model/field-name.ts'
import type { TokenPlace } from '../model/jwt-policy.ts'
import { PREFIX } from '../model/objects/meta.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { accessAnnotations } from './access-schema.ts'
import { annotationField, type Readings, serviceProblem, valueOr } from './annotations.ts'
import { isMisspelt } from './misspelt.ts'

/** What a Service asks of clients beside tokens; `closed` where that cannot be told, and why. */
export type AccessReading =
  | { readonly state: 'none' }
  | { readonly state: 'valid'; readonly policy: AccessPolicy }
  /** `problem`: one that nobody has told yet. */
  | { readonly state: 'closed'; readonly code: Problem['code']; readonly problem: Problem | undefined }

const KEY_PLACE: TokenPlace = { in: 'header', name: 'x-api-key' }
const PROOFS: readonly CachePart[] = [
  { in: 'header', name: 'authorization' },
  { in: 'header', name: 'cookie' },
]
const STEMS = ['auth-', 'api-key', 'basic-auth']

const ids = Object.keys(accessAnnotations) as readonly (keyof typeof accessAnnotations)[]
const names = ids.map((id) => accessAnnotations[id].name)

/** Each of these says nothing without the other. */
const NEEDS = [
  ['apiKeyFrom', 'apiKeys'],
  ['apiKeyHeader', 'apiKeys'],
  ['basicAuthRealm', 'basicAuth'],
  ['basicAuthHeader', 'basicAuth'],
  ['authResponseHeaders', 'authUrl'],
  ['authSignin', 'authUrl'],
  ['authCacheDuration', 'authUrl'],
  ['authCacheKey', 'authCacheDuration'],
] as const

/** The annotations taken together. A check that is half said, or misspelt, is not left out: it closes. */
export function accessOf(service: Service, readings: Readings): AccessReading {
  if (ids.some((id) => readings[id].state === 'invalid')) {
    return { state: 'closed', code: 'annotation-invalid', problem: undefined }
  }
  if (Object.keys(service.meta.annotations).some((name) => isMisspelt(name, names, ...STEMS))) {
    return { state: 'closed', code: 'annotation-unknown', problem: undefined }
  }
  if (ids.every((id) => readings[id].state === 'absent')) return { state: 'none' }
  const problem = incompleteness(service, readings)
  if (problem !== undefined) return { state: 'closed', code: problem.code, problem }
  return { state: 'valid', policy: policyOf(service, readings) }
}

function policyOf({ meta: { namespace, name } }: Service, readings: Readings): AccessPolicy {
  const keys = asked(readings.apiKeys)
  const keyField = asked(readings.apiKeyHeader)
  const users = asked(readings.basicAuth)
  const userField = asked(readings.basicAuthHeader)
  const url = asked(readings.authUrl)
  const signIn = asked(readings.authSignin)
  const forMs = asked(readings.authCacheDuration)
  return {
    ...(keys !== undefined && {
      apiKeys: {
        credential: `${namespace}/${keys}`,
        places: [...valueOr<readonly TokenPlace[]>(readings.apiKeyFrom, [KEY_PLACE])],
        ...(keyField !== undefined && { field: keyField }),
      },
    }),
    ...(users !== undefined && {
      basic: {
        credential: `${namespace}/${users}`,
        realm: valueOr(readings.basicAuthRealm, `${namespace}/${name}`),
        ...(userField !== undefined && { field: userField }),
      },
    }),
    ...(url !== undefined && {
      call: {
        url,
        ...(signIn !== undefined && { signIn }),
        fields: [...valueOr<readonly string[]>(readings.authResponseHeaders, [])],
        ...(forMs !== undefined && { cache: { forMs, by: [...valueOr(readings.authCacheKey, PROOFS)] } }),
      },
    }),
  }
}

function asked<T>(reading: Readings[keyof Readings] & { readonly value?: T }): T | undefined {
  return reading.state === 'valid' ? reading.value : undefined
}

function incompleteness(service: Service, readings: Readings): Problem | undefined {
  const lacking = NEEDS.find(
    ([id, need]) => readings[id].state === 'valid' && readings[need].state !== 'valid',
  )
  if (lacking !== undefined) {
    const [id, need] = lacking.map((each) => accessAnnotations[each])
    return incomplete(service, id?.name ?? '', `without ${need?.name} there is nothing to check`, {
      hint: `Add ${need?.name}: "${need?.example}", or take it away`,
    })
  }
  const [first, second] = claimants(readings)
  if (second !== undefined) {
    return incomplete(service, second, `${first} wants the Authorization field for something else`, {
      hint: `Have one of them read another field (${accessAnnotations.apiKeyFrom.name}, postern.dev/jwt-from)`,
    })
  }
  const fields = ownFields(readings)
  const twice = fields.find(([, field], index) => fields.findIndex((other) => other[1] === field) !== index)
  if (twice === undefined) return undefined
  return incomplete(service, twice[0], `${twice[1]} is set twice`, { hint: 'Give each its own field' })
}

/** Annotations that read nothing but Authorization, of which there is one. */
function claimants({ basicAuth, apiKeys, apiKeyFrom, jwtIssuer, jwtFrom }: Readings): readonly string[] {
  const isBearerOnly = (places: readonly TokenPlace[]): boolean =>
    places.every((place) => place.in === 'bearer')
  const keysOnly = isBearerOnly(valueOr<readonly TokenPlace[]>(apiKeyFrom, [KEY_PLACE]))
  const tokensOnly = isBearerOnly(valueOr<readonly TokenPlace[]>(jwtFrom, []))
  return [
    ...(jwtIssuer.state === 'valid' && tokensOnly ? [`${PREFIX}jwt-issuer`] : []),
    ...(apiKeys.state === 'valid' && keysOnly ? [accessAnnotations.apiKeys.name] : []),
    ...(basicAuth.state === 'valid' ? [accessAnnotations.basicAuth.name] : []),
  ]
}

/** Fields for the application, folded, by the annotation that sets them. */
function ownFields(readings: Readings): readonly (readonly [name: string, field: string])[] {
  const { apiKeyHeader, basicAuthHeader, authResponseHeaders } = accessAnnotations
  const given: readonly (readonly [string, readonly string[]])[] = [
    [
      `${PREFIX}jwt-claim-headers`,
      valueOr<readonly { field: string }[]>(readings.jwtClaimHeaders, []).map(({ field }) => field),
    ],
    [apiKeyHeader.name, oneOrNone(asked(readings.apiKeyHeader))],
    [basicAuthHeader.name, oneOrNone(asked(readings.basicAuthHeader))],
    [authResponseHeaders.name, valueOr<readonly string[]>(readings.authResponseHeaders, [])],
  ]
  return given.flatMap(([name, fields]) => fields.map((field) => [name, foldFieldName(field)] as const))
}

function oneOrNone(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text]
}

function incomplete(
  service: Service,
  name: string,
  message: string,
  { hint }: { readonly hint: string },
): Problem {
  return serviceProblem(service, {
    code: 'auth-incomplete',
    severity: 'error',
    field: annotationField(name),
    message: `Cannot check clients: ${message}`,
    hint: `${hint}. Until then the hostnames answer 503.`,
  })
}
