import type { ServiceRecord } from '../../model/records.ts'
import type { Step } from '../road.ts'
import type { TokenFault } from '../tokens/token-check.ts'
import type { ExplainedStep } from './explanation.ts'

type JwtPolicy = NonNullable<ServiceRecord['jwt']>

/** What a fault is about: the annotation that decided, and what it asks. */
const FAULTS: Readonly<Record<TokenFault, readonly [annotation: string, what: string]>> = {
  'token-missing': ['jwt-issuer', 'there is no token where one may be'],
  'token-unclear': ['jwt-from', 'there is not exactly one token that can be read'],
  'token-invalid': [
    'jwt-issuer',
    'it is not signed by a key of the issuers, by an algorithm that is taken, or cannot be read',
  ],
  'token-expired': ['jwt-clock-skew', 'it has expired'],
  'token-early': ['jwt-clock-skew', 'it does not hold yet'],
  'token-audience-wrong': ['jwt-audience', 'it is for another audience'],
  'token-claims-missing': ['jwt-required-claims', 'it lacks a claim that is needed'],
  'token-keys-missing': ['jwt-jwks-url', "the issuer's keys cannot be read: the gateway's log says why"],
}

/** What was asked of the client's token. The token itself is never told. */
export function tokenStep({
  service,
  answer,
}: Extract<Step, { step: 'token' }>): Omit<ExplainedStep, 'verdict'> {
  const { jwt, namespace, name } = service.record
  if (jwt === undefined || answer === undefined)
    return { step: 'token', summary: 'none is asked for', details: [] }
  const by = (annotation: string): string => `postern.dev/${annotation} of Service ${namespace}/${name}`
  const details = askedBy(jwt)
  switch (answer.type) {
    case 'admitted':
      return { step: 'token', summary: `admitted by ${by('jwt-issuer')}`, details }
    case 'wait':
      return { step: 'token', summary: `has to be verified, says ${by('jwt-issuer')}`, details }
    case 'refused': {
      const [annotation, what] = FAULTS[answer.error]
      return { step: 'token', summary: `refused by ${by(annotation)}: ${what}`, details }
    }
  }
}

function askedBy({ issuers, audiences, algorithms, claims, places }: JwtPolicy): string[] {
  return [
    ...issuers.map((issuer) => `issuer ${issuer.issuer}, keys ${keysOf(issuer)}`),
    `audience ${audiences.length === 0 ? 'anybody' : audiences.join(' or ')}`,
    `signed by ${algorithms.join(', ')}`,
    ...claims.map(({ name, value }) => `claim ${value === undefined ? name : `${name}=${value}`}`),
    `from ${places.map((place) => (place.name === '' ? place.in : `${place.in}:${place.name}`)).join(', ')}`,
  ]
}

function keysOf({ jwksUrl, jwksCredential }: JwtPolicy['issuers'][number]): string {
  return jwksCredential === undefined ? (jwksUrl ?? 'by discovery') : `in Secret ${jwksCredential}`
}
