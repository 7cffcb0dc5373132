import type { Random } from '../../../src/model/clock.ts'

export function chance(random: Random, share: number): boolean {
  return random() < share
}

export function choose<T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)]
  if (chosen === undefined) throw new Error('The generator chose from nothing')
  return chosen
}

/** At least one, and at most that many, each once. */
export function chooseSome<T>(random: Random, from: readonly T[], most: number): T[] {
  const left = [...from]
  const count = Math.min(left.length, 1 + Math.floor(random() * most))
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat()
}
