import { editsBetween } from '../model/edits.ts'
import { compareText } from '../model/problem.ts'
import type { Labels } from './backing.ts'

/** Something whose labels a selector might have meant. */
export interface Labelled {
  /** `Deployment web` */
  readonly what: string
  readonly labels: Labels
}

interface Nearness {
  readonly candidate: Labelled
  readonly matches: number
  readonly edits: number
}

/**
 * What comes nearest to a selector that matches nothing: most labels in common, then the fewest letters to change.
 * @returns for example `Deployment web, which has app=web`; undefined when nothing is near
 */
export function nearestLabels(selector: Labels, candidates: readonly Labelled[]): string | undefined {
  const wanted = Object.entries(selector)
  const best = candidates.reduce<Nearness | undefined>((nearest, candidate) => {
    const matches = wanted.filter(([key, value]) => candidate.labels[key] === value).length
    if (nearest !== undefined && matches < nearest.matches) return nearest
    const next = { candidate, matches, edits: editsOf(wanted, candidate.labels) }
    return nearest === undefined || compare(next, nearest) < 0 ? next : nearest
  }, undefined)
  if (best === undefined || !isNear(best, wanted)) return undefined
  const { what, labels } = best.candidate
  const unlike = wanted.filter(([key, value]) => labels[key] !== value).map(([key]) => key)
  const shown = unlike.map((key) => describe(key, selector[key] ?? '', labels))
  return `${what}, which has ${shown.join(' and ')}`
}

function describe(key: string, value: string, labels: Labels): string {
  if (Object.hasOwn(labels, key)) return `${key}=${labels[key]}`
  const other = Object.keys(labels)
    .filter((name) => labels[name] === value || editsBetween(name, key) <= 2)
    .sort(compareText)[0]
  return other === undefined ? `no label ${key}` : `${other}=${labels[other]}`
}

function compare(a: Nearness, b: Nearness): number {
  return b.matches - a.matches || a.edits - b.edits || compareText(a.candidate.what, b.candidate.what)
}

/** A label under another key costs as much as half of it. */
function editsOf(wanted: readonly (readonly [string, string])[], labels: Labels): number {
  return wanted.reduce((sum, [key, value]) => {
    const own = Object.hasOwn(labels, key) ? labels[key] : undefined
    if (own !== undefined) return sum + editsBetween(own, value)
    const isElsewhere = Object.values(labels).includes(value)
    return sum + (isElsewhere ? Math.ceil(value.length / 2) : key.length + value.length)
  }, 0)
}

function isNear({ matches, edits }: Nearness, wanted: readonly (readonly [string, string])[]): boolean {
  const length = wanted.reduce((sum, [, value]) => sum + value.length, 0)
  return matches > 0 || edits <= Math.max(2, Math.ceil(length / 2))
}
