import { isAmbiguous, readingsOf } from '../model/path-readings.ts'
import type { PathMatch, Rule } from '../model/records.ts'

/** The first rule whose path fits; rules stand in order of precedence. */
export function matchRule(rules: readonly Rule[], path: string): Rule | undefined {
  for (const rule of rules) if (matchesPath(rule.path, path)) return rule
  return undefined
}

/**
 * Whether a server behind may read a path as one of another rule: by what it decodes or drops, a client would walk
 * around what that rule asks for. `rule` is the one that the path fits.
 */
export function leadsElsewhere(rules: readonly Rule[], path: string, rule: Rule): boolean {
  if (!isAmbiguous(path) || (rules.length === 1 && rule.path.type === 'prefix' && rule.path.value === '/')) {
    return false
  }
  const readings = readingsOf(path)
  return readings === undefined || [...readings].some((reading) => matchRule(rules, reading) !== rule)
}

/** Gateway API semantics: `exact` compares the whole path, `prefix` whole segments. */
export function matchesPath(match: PathMatch, path: string): boolean {
  if (match.type === 'exact') return path === match.value
  // `OPTIONS *` asks of the server as a whole: of whoever has all of its paths.
  if (path === '*') return match.value === '/'
  if (!path.startsWith(match.value)) return false
  return match.value === '/' || path.length === match.value.length || path[match.value.length] === '/'
}
