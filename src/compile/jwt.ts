import type { JwtAlgorithm, JwtPolicy, TokenPlace } from '../model/jwt-policy.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { annotationField, type Readings, serviceProblem, valueOr } from './annotations.ts'
import { jwtAnnotations } from './jwt-schema.ts'
import { isMisspelt } from './misspelt.ts'

/** What a Service asks of tokens; `closed` where that cannot be told, and why. */
export type JwtReading =
  | { readonly state: 'none' }
  | { readonly state: 'valid'; readonly policy: JwtPolicy }
  /** `problem`: one that nobody has told yet. */
  | { readonly state: 'closed'; readonly code: Problem['code']; readonly problem: Problem | undefined }

const ALGORITHMS: readonly JwtAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
const CLOCK_SKEW_MS = 30_000
const BEARER: TokenPlace = { in: 'bearer', name: '' }

const ids = Object.keys(jwtAnnotations) as readonly (keyof typeof jwtAnnotations)[]
const names = ids.map((id) => jwtAnnotations[id].name)

/** The annotations taken together. A check that is half said, or misspelt, is not left out: it closes. */
export function jwtOf(service: Service, readings: Readings): JwtReading {
  const isInvalid = ids.some((id) => readings[id].state === 'invalid')
  if (isInvalid) return { state: 'closed', code: 'annotation-invalid', problem: undefined }
  if (Object.keys(service.meta.annotations).some((name) => isMisspelt(name, names, 'jwt'))) {
    return { state: 'closed', code: 'annotation-unknown', problem: undefined }
  }
  const given = ids.find((id) => readings[id].state !== 'absent')
  if (given === undefined) return { state: 'none' }
  const issuers = valueOr<readonly string[]>(readings.jwtIssuer, [])
  const urls = valueOr<readonly string[] | undefined>(readings.jwtJwksUrl, undefined)
  const secrets = valueOr<readonly string[] | undefined>(readings.jwtJwksSecret, undefined)
  const problem = incompleteness(service, readings, given, { issuers, urls, secrets })
  if (problem !== undefined) return { state: 'closed', code: problem.code, problem }
  return {
    state: 'valid',
    policy: {
      issuers: issuers.map((issuer, index) => {
        const [jwksUrl, secret] = [urls?.[index], secrets?.[index]]
        if (secret !== undefined) return { issuer, jwksCredential: `${service.meta.namespace}/${secret}` }
        return jwksUrl === undefined ? { issuer } : { issuer, jwksUrl }
      }),
      audiences: [...valueOr<readonly string[]>(readings.jwtAudience, [])],
      algorithms: [...valueOr(readings.jwtAlgorithms, ALGORITHMS)],
      clockSkewMs: valueOr(readings.jwtClockSkew, CLOCK_SKEW_MS),
      claims: [...valueOr(readings.jwtRequiredClaims, [])],
      headers: [...valueOr(readings.jwtClaimHeaders, [])],
      places: [...valueOr<readonly TokenPlace[]>(readings.jwtFrom, [BEARER])],
    },
  }
}

interface Issuers {
  readonly issuers: readonly string[]
  readonly urls: readonly string[] | undefined
  readonly secrets: readonly string[] | undefined
}

function incompleteness(
  service: Service,
  { jwtAudience }: Readings,
  given: keyof typeof jwtAnnotations,
  { issuers, urls, secrets }: Issuers,
): Problem | undefined {
  const { jwtIssuer, jwtJwksUrl, jwtJwksSecret, jwtAudience: audience } = jwtAnnotations
  if (issuers.length === 0) {
    return incomplete(
      service,
      jwtAnnotations[given].name,
      `without ${jwtIssuer.name} no token can be let in`,
      {
        hint: `Add ${jwtIssuer.name}: "${jwtIssuer.example}"`,
      },
    )
  }
  if (jwtAudience.state === 'absent') {
    return incomplete(service, jwtIssuer.name, `without ${audience.name} any token of the issuer would do`, {
      hint: `Add ${audience.name}: "${audience.example}", or "*" if that is meant`,
    })
  }
  if (urls !== undefined && urls.length !== issuers.length) {
    const told = `${urls.length} URLs for ${issuers.length} issuers`
    return incomplete(service, jwtJwksUrl.name, told, { hint: 'Give one for each issuer, in their order' })
  }
  if (urls !== undefined && secrets !== undefined) {
    return incomplete(service, jwtJwksSecret.name, `${jwtJwksUrl.name} says where keys are, too`, {
      hint: 'Keep one of them',
    })
  }
  if (secrets !== undefined && secrets.length !== issuers.length) {
    const told = `${secrets.length} Secrets for ${issuers.length} issuers`
    return incomplete(service, jwtJwksSecret.name, told, { hint: 'Give one for each issuer, in their order' })
  }
  const unfindable =
    (urls ?? secrets) === undefined ? issuers.find((issuer) => !/^https?:\/\//.test(issuer)) : undefined
  if (unfindable === undefined) return undefined
  return incomplete(
    service,
    jwtIssuer.name,
    `"${unfindable}" is no URL, so that its keys cannot be found by it`,
    {
      hint: `Say where they are with ${jwtJwksUrl.name}`,
    },
  )
}

function incomplete(
  service: Service,
  name: string,
  message: string,
  { hint }: { readonly hint: string },
): Problem {
  return serviceProblem(service, {
    code: 'jwt-incomplete',
    severity: 'error',
    field: annotationField(name),
    message: `Cannot check tokens: ${message}`,
    hint: `${hint}. Until then the hostnames answer 503.`,
  })
}
