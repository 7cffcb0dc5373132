/**
 * A value, or (when there are several) a list of them. Where a hundred thousand keys have one value each, lists of one
 * would take as much again as the map itself. The value itself must not be a list.
 */
export type OneOrMore<T> = T | readonly T[]

/** Every one of them; none for undefined. */
export function allOf<T extends string | object>(some: OneOrMore<T> | undefined): readonly T[] {
  if (some === undefined) return []
  return isList(some) ? some : [some]
}

export function withOne<T extends string | object>(some: OneOrMore<T> | undefined, value: T): OneOrMore<T> {
  const others = allOf(some)
  if (others.includes(value)) return some ?? value
  // A list that is spread or pushed to has room for many more.
  return others.length === 0 ? value : others.concat([value])
}

/** @returns undefined when none is left. */
export function withoutOne<T extends string | object>(
  some: OneOrMore<T> | undefined,
  value: T,
): OneOrMore<T> | undefined {
  const rest = allOf(some).filter((each) => each !== value)
  return rest.length > 1 ? rest : rest[0]
}

function isList<T>(some: OneOrMore<T>): some is readonly T[] {
  return Array.isArray(some)
}
