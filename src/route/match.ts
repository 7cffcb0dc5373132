import type { PathMatch, Rule } from '../model/records.ts'

/** The first rule whose path fits; rules stand in order of precedence. */
export function matchRule(rules: readonly Rule[], path: string): Rule | undefined {
  for (const rule of rules) if (matchesPath(rule.path, path)) return rule
  return undefined
}

/** Gateway API semantics: `exact` compares the whole path, `prefix` whole segments. */
export function matchesPath(match: PathMatch, path: string): boolean {
  if (match.type === 'exact') return path === match.value
  // `OPTIONS *` asks of the server as a whole: of whoever has all of its paths.
  if (path === '*') return match.value === '/'
  if (!path.startsWith(match.value)) return false
  return match.value === '/' || path.length === match.value.length || path[match.value.length] === '/'
}
