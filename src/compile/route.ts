import { compareText, type Problem } from '../model/problem.ts'
import type { PathMatch, RouteRecord, Rule, RuleOrigin } from '../model/records.ts'
import { annotationField } from './annotations.ts'
import { type Claim, compareClaims, compareInNamespace } from './claim.ts'
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
  const winners = new Map<string, Rule>()
  for (const { origin, rule } of [...claims].sort(compareInNamespace)) {
    const path = rule === undefined ? '' : `${rule.path.type} ${rule.path.value}`
    const winner = winners.get(path)
    if (origin.namespace !== oldest.origin.namespace) problems.push(hostConflict(host, origin))
    else if (rule === undefined) continue
    else if (winner === undefined) winners.set(path, rule)
    else problems.push(pathConflict(host, rule, winner))
  }
  const rules = [...winners.values()].sort((a, b) => comparePaths(a.path, b.path))
  return { record: { host, rules }, problems }
}

/** Gateway API precedence: an exact path, then the longest prefix. */
export function comparePaths(a: PathMatch, b: PathMatch): number {
  return compareText(a.type, b.type) || b.value.length - a.value.length || compareText(a.value, b.value)
}

// The owner is not named: a tenant learns nothing of another's namespace.
function hostConflict(host: string, origin: RuleOrigin): Problem {
  return {
    code: 'host-conflict',
    severity: 'error',
    ...origin,
    field: annotationField(annotations.host.name),
    message: `${host} is already claimed by an older Service in another namespace`,
    hint: 'Choose another hostname; the older claim keeps it.',
    host,
  }
}

function pathConflict(host: string, rule: Rule, winner: Rule): Problem {
  const { type, value } = rule.path
  return {
    code: 'path-conflict',
    severity: 'error',
    ...rule.origin,
    field: annotationField(annotations.path.name),
    message: isOfPods(winner)
      ? `${host} names the Pods of the headless Service ${winner.origin.name}, on ${type} path ${value}`
      : `Service ${winner.origin.name} already has ${type} path ${value} on ${host}`,
    hint: isOfPods(winner)
      ? 'Choose another path or hostname; an exact hostname goes before the wildcard.'
      : 'Choose another path or hostname; the older Service keeps it.',
    host,
  }
}

function isOfPods({ action }: Rule): boolean {
  return action.type === 'forward' && action.endpoint === 'by-hostname'
}
