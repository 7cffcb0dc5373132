import { compareText, type Problem } from '../model/problem.ts'
import type { PathMatch, RouteRecord } from '../model/records.ts'
import { annotationField } from './annotations.ts'
import { type Claim, compareClaims } from './claim.ts'
import { annotations } from './schema.ts'

export interface CompiledRoute {
  readonly record: RouteRecord | undefined
  readonly problems: readonly Problem[]
}

/**
 * Settles all claims on one host. The namespace of the oldest claim owns the host, so that nobody can put a path of
 * his own under another's name; inside it, the oldest claim on a path wins.
 */
export function compileRoute(host: string, claims: readonly Claim[]): CompiledRoute {
  const sorted = [...claims].sort(compareClaims)
  const [first] = sorted
  if (first === undefined) return { record: undefined, problems: [] }
  const owner = first.rule.origin.namespace
  const problems: Problem[] = []
  const winners = new Map<string, Claim>()
  for (const claim of sorted) {
    const path = `${claim.rule.path.type} ${claim.rule.path.value}`
    const winner = winners.get(path)
    if (claim.rule.origin.namespace !== owner) problems.push(hostConflict(host, claim))
    else if (winner !== undefined) problems.push(pathConflict(host, claim, winner))
    else winners.set(path, claim)
  }
  const rules = [...winners.values()].map((claim) => claim.rule).sort((a, b) => comparePaths(a.path, b.path))
  return { record: { host, rules }, problems }
}

/** Gateway API precedence: an exact path, then the longest prefix. */
export function comparePaths(a: PathMatch, b: PathMatch): number {
  return compareText(a.type, b.type) || b.value.length - a.value.length || compareText(a.value, b.value)
}

// The owner is not named: a tenant learns nothing of another's namespace.
function hostConflict(host: string, claim: Claim): Problem {
  return {
    code: 'host-conflict',
    severity: 'error',
    ...claim.rule.origin,
    field: annotationField(annotations.host.name),
    message: `${host} is already claimed by an older Service in another namespace`,
    hint: 'Choose another hostname; the older claim keeps it.',
  }
}

function pathConflict(host: string, claim: Claim, winner: Claim): Problem {
  const { type, value } = claim.rule.path
  return {
    code: 'path-conflict',
    severity: 'error',
    ...claim.rule.origin,
    field: annotationField(annotations.path.name),
    message: `Service ${winner.rule.origin.name} already has ${type} path ${value} on ${host}`,
    hint: `Choose another path or hostname; the older Service keeps it.`,
  }
}
