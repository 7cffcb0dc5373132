import type { Problem } from '../model/problem.ts'
import type { Rule } from '../model/records.ts'
import type { ClientAuthority, RouteTls } from '../model/route-tls.ts'
import { annotationField } from './annotations.ts'
import type { Claim } from './claim.ts'
import type { ServiceTls } from './tls.ts'
import { tlsAnnotations } from './tls-schema.ts'

export interface HostTls {
  /** Undefined: nobody asks for anything. */
  readonly tls: RouteTls | undefined
  /** The rule of a claim, closed where it wants what the host cannot have. */
  ruleOf(claim: Claim): Rule | undefined
  readonly problems: readonly Problem[]
}

/**
 * What the Services of one host ask of TLS, taken together: a handshake knows no path, so that the strictest holds for all.
 *
 * @param claims that have won their paths, in the order in which claims win
 */
export function hostTls(claims: readonly Claim[]): HostTls {
  const asked = claims.flatMap(({ tls }) => tls ?? [])
  if (asked.length === 0) return { tls: undefined, ruleOf: ({ rule }) => rule, problems: [] }
  const clients = clientsOf(asked)
  const losers = claims.filter(({ tls }) => tls?.clients && tls.clients.authority !== clients?.authority)
  const hsts = asked.find((tls) => tls.hsts !== undefined)?.hsts
  const certificates = [...new Set(asked.flatMap((tls) => tls.certificates))].sort()
  const isGuarded = certificates.length > 0 || clients !== undefined
  return {
    tls: {
      certificates,
      redirect: redirectOf(asked) ?? isGuarded,
      ...(hsts && { hsts }),
      ...(clients && { clients }),
    },
    ruleOf: (claim) => (losers.includes(claim) ? closed(claim.rule) : claim.rule),
    problems: losers.map(conflict),
  }
}

/** The first one's authority; all of its Services' clients have a certificate where one of them requires it. */
function clientsOf(asked: readonly ServiceTls[]): ClientAuthority | undefined {
  const [first, ...others] = asked.flatMap(({ clients }) => clients ?? [])
  const isRequired = others.some(
    ({ authority, mode }) => mode === 'require' && authority === first?.authority,
  )
  return first && (isRequired ? { ...first, mode: 'require' } : first)
}

/** Undefined: nobody says. */
function redirectOf(asked: readonly ServiceTls[]): boolean | undefined {
  const said = asked.flatMap(({ redirect }) => redirect ?? [])
  return said.length === 0 ? undefined : said.includes(true)
}

function closed(rule: Rule | undefined): Rule | undefined {
  return rule && { ...rule, action: { type: 'unavailable', problem: 'tls-conflict' } }
}

function conflict({ host, origin }: Claim): Problem {
  return {
    code: 'tls-conflict',
    severity: 'error',
    ...origin,
    field: annotationField(tlsAnnotations.clientCa.name),
    message: `Another Service asks clients of ${host} for certificates of another authority`,
    hint: 'Name the same authority on both, or choose another hostname. Until then this Service answers 503 there.',
    host,
  }
}
