import { compareText, type Problem } from '../model/problem.ts'
import type { PathMatch, RouteRecord, Rule } from '../model/records.ts'
import { annotationField } from './annotations.ts'
import { type Claim, compareClaims, compareInNamespace, whyFirst } from './claim.ts'
import { hostTls } from './host-tls.ts'
import { annotations } from './schema.ts'

export interface CompiledRoute {
  readonly record: RouteRecord | undefined
  readonly problems: readonly Problem[]
}

/**
 * Settles all claims on one host. The namespace of the oldest claim owns the host, so that nobody can put a path of
 * his own under another's name; inside it, the names of Pods win, then the oldest claim on a path.
 */
export function compileRoute(host: string, claims: readonly Claim[]): CompiledRoute {
  const [oldest] = [...claims].sort(compareClaims)
  if (oldest === undefined) return { record: undefined, problems: [] }
  const problems: Problem[] = []
  const winners = new Map<string, Claim>()
  for (const claim of [...claims].sort(compareInNamespace)) {
    const { origin, rule } = claim
    const path = rule === undefined ? '' : `${rule.path.type} ${rule.path.value}`
    const winner = winners.get(path)
    if (origin.namespace !== oldest.origin.namespace) problems.push(hostConflict(claim, oldest))
    else if (rule === undefined) continue
    else if (winner === undefined) winners.set(path, claim)
    else problems.push(pathConflict(claim, rule, winner))
  }
  const { tls, ruleOf, problems: ofTls } = hostTls([...winners.values()])
  const rules = [...winners.values()]
    .flatMap((claim) => ruleOf(claim) ?? [])
    .sort((a, b) => comparePaths(a.path, b.path))
  return { record: { host, rules, ...(tls && { tls }) }, problems: [...problems, ...ofTls] }
}

/** Gateway API precedence: an exact path, then the longest prefix. */
export function comparePaths(a: PathMatch, b: PathMatch): number {
  return compareText(a.type, b.type) || b.value.length - a.value.length || compareText(a.value, b.value)
}

// The owner is not named: a tenant learns nothing of another's namespace.
function hostConflict(claim: Claim, winner: Claim): Problem {
  const { host, origin } = claim
  return {
    code: 'host-conflict',
    severity: 'error',
    ...origin,
    field: annotationField(annotations.host.name),
    message: `${host} is claimed in another namespace too, whose it is`,
    hint: `Choose another hostname: ${whyFirst(winner, claim)}.`,
    host,
  }
}

function pathConflict(claim: Claim, { path: { type, value } }: Rule, winner: Claim): Problem {
  const { host, origin } = claim
  return {
    code: 'path-conflict',
    severity: 'error',
    ...origin,
    field: annotationField(annotations.path.name),
    message: winner.isForPods
      ? `${host} names the Pods of the headless Service ${winner.origin.name}, on ${type} path ${value}`
      : `Service ${winner.origin.name} already has ${type} path ${value} on ${host}`,
    hint: winner.isForPods
      ? 'Choose another path or hostname; an exact hostname goes before the wildcard.'
      : `Choose another path or hostname: ${whyFirst(winner, claim)}.`,
    host,
  }
}
