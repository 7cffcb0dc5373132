import { inspect } from 'node:util'
import { cyclonus } from '../../infra/dev/cyclonus.ts'
import { prepareGoProgram } from '../../infra/dev/go-program.ts'
import { compare } from './netpol/compare.ts'

/** Scenes of some 80 cases each. */
const SCENES = 1_000
const SHOWN = 3

/**
 * Whether NetworkPolicies decide as cyclonus has them decide.
 * @param args how many scenes, and the seed of an earlier run
 * @returns whether there is no difference
 */
export async function netpol(args: readonly string[]): Promise<boolean> {
  const [scenes = SCENES, seed = Date.now() % 2 ** 31] = args.map(Number)
  const program = await prepareGoProgram(cyclonus, process.env, (line) => console.log(line))
  if (program === undefined) throw new Error('There is no cyclonus to compare with')
  console.log(`Seed ${seed}, ${scenes} scenes`)
  const { compared, admitted, selectedByApi, hostNetwork, differences } = compare(program, seed, scenes)
  console.log(`${compared} cases compared with cyclonus, ${admitted} of them admitted`)
  console.log(
    `${selectedByApi} where cyclonus selects otherwise than the API: policies selected by the API's own library`,
  )
  console.log(
    `${hostNetwork} of Pods on their Node's network, which cyclonus does not know: all to be admitted`,
  )
  for (const difference of differences.slice(0, SHOWN)) console.log(inspect(difference, { depth: 12 }))
  console.log(`${differences.length} differences`)
  return differences.length === 0
}
