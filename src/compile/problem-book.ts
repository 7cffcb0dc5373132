import { excerpt } from '../model/excerpt.ts'
import { objectKey } from '../model/objects/object.ts'
import { compareProblems, type Problem } from '../model/problem.ts'

/** Of one object the worst are kept: a record must stay small whatever an object holds. */
const MAX_PER_OBJECT = 50
/** More than any problem of ours needs, unless what it quotes is huge. */
const MAX_CHARS = { field: 500, message: 1000, hint: 2000 } as const

/**
 * Problems by the object they are on. Several compilers find problems on one object; each owns a facet of it and
 * replaces only that.
 */
export class ProblemBook {
  readonly #byObject = new Map<string, Map<string, readonly Problem[]>>()
  readonly #objectsByFacet = new Map<string, ReadonlySet<string>>()
  readonly #changed = new Set<string>()

  /** Replaces everything that `facet` has found, on whichever objects. */
  replace(facet: string, problems: readonly Problem[]): void {
    const found = new Map<string, Problem[]>()
    for (const problem of problems) {
      const key = objectKey(problem.kind, problem.namespace, problem.name)
      const sameObject = found.get(key)
      if (sameObject === undefined) found.set(key, [problem])
      else sameObject.push(problem)
    }
    for (const key of this.#objectsByFacet.get(facet) ?? []) if (!found.has(key)) this.#set(key, facet, [])
    for (const [key, list] of found) this.#set(key, facet, list)
    if (found.size === 0) this.#objectsByFacet.delete(facet)
    else this.#objectsByFacet.set(facet, new Set(found.keys()))
  }

  /** The objects whose problems changed since the last call, each with all it has now. */
  takeChanged(): { key: string; problems: readonly Problem[] }[] {
    const changed = [...this.#changed].map((key) => ({
      key,
      problems: [...(this.#byObject.get(key)?.values() ?? [])]
        .flat()
        .sort(compareProblems)
        .slice(0, MAX_PER_OBJECT)
        .map(bounded),
    }))
    this.#changed.clear()
    return changed
  }

  #set(key: string, facet: string, problems: readonly Problem[]): void {
    const facets = this.#byObject.get(key) ?? new Map<string, readonly Problem[]>()
    if (problems.length === 0) facets.delete(facet)
    else facets.set(facet, problems)
    if (facets.size === 0) this.#byObject.delete(key)
    else this.#byObject.set(key, facets)
    this.#changed.add(key)
  }
}

function bounded(problem: Problem): Problem {
  const { field, message, hint } = problem
  const isShort =
    field.length <= MAX_CHARS.field && message.length <= MAX_CHARS.message && hint.length <= MAX_CHARS.hint
  if (isShort) return problem
  return {
    ...problem,
    field: excerpt(field, MAX_CHARS.field),
    message: excerpt(message, MAX_CHARS.message),
    hint: excerpt(hint, MAX_CHARS.hint),
  }
}
