import Table from 'cli-table3'
import type { Outcomes } from './outcome.ts'

export interface Compared {
  readonly group: string
  readonly test: string
  readonly passesDirect: boolean
  /** Why not; undefined when it passes. */
  readonly through: string | undefined
  /** Why it may fail through the gateway, and only there. */
  readonly purpose: string | undefined
}

/** It passes straight to the server and should pass through the gateway, or it passes there and should not. */
export function isWrong({ passesDirect, through, purpose }: Compared): boolean {
  return passesDirect && (through === undefined) !== (purpose === undefined)
}

/**
 * Both runs, test by test.
 * @param purposes what the gateway refuses on purpose, by test
 * @throws when they are not of the same tests
 */
export function compare(
  direct: Outcomes,
  through: Outcomes,
  purposes: ReadonlyMap<string, string>,
): readonly Compared[] {
  const names = new Set([...direct.keys(), ...through.keys(), ...purposes.keys()])
  return [...names].toSorted().map((test) => {
    if (!direct.has(test) || !through.has(test))
      throw new Error(`Cannot compare ${test}: it did not run twice`)
    return {
      group: test.split('/')[0] ?? '',
      test,
      passesDirect: direct.get(test) === undefined,
      through: through.get(test),
      purpose: purposes.get(test),
    }
  })
}

/** The sums of each group, and each test that passes on one side only or is refused on purpose. */
export function renderCompared(all: readonly Compared[]): string {
  const style = { head: [], border: [], compact: true }
  const table = new Table({ head: ['group', 'tests', 'pass straight', 'pass through', 'wrong'], style })
  for (const [group, tests] of Map.groupBy(all, (one) => one.group)) table.push([group, ...sums(tests)])
  table.push(['all', ...sums(all)])
  const told = all.filter((one) => isWrong(one) || one.purpose !== undefined)
  return [table.toString(), ...told.map(explain)].join('\n')
}

function sums(tests: readonly Compared[]): number[] {
  const count = (holds: (one: Compared) => boolean) => tests.filter(holds).length
  return [
    tests.length,
    count(({ passesDirect }) => passesDirect),
    count(({ through }) => through === undefined),
    count(isWrong),
  ]
}

function explain(one: Compared): string {
  const { test, through = 'it passes', purpose } = one
  return `${isWrong(one) ? 'WRONG' : 'on purpose'}: ${test}: ${through}${purpose === undefined ? '' : ` (${purpose})`}`
}
