import { spawnSync } from 'node:child_process'
import * as v from 'valibot'
import type { Scene } from './scenes.ts'

/** Of one Pod, in the order of the asks. */
export type Verdicts = v.InferOutput<typeof answer>

/** The program of test/conformance/netpol/main.go; undefined where it could not be built. */
export const cyclonus = process.env.POSTERN_CYCLONUS

const answer = v.object({
  cyclonus: v.array(v.boolean()),
  /** The same, once the API's own library has said which policies select the Pod. */
  api: v.array(v.boolean()),
  /** The two disagree on which policies do. */
  isDisputed: v.boolean(),
})

const MAX_ANSWER_BYTES = 1 << 30

/** What cyclonus's matcher decides: by scene, then by Pod. */
export function judge(program: string, scenes: readonly Scene[]): Verdicts[][] {
  const input = scenes.map((scene) => `${JSON.stringify(scene)}\n`).join('')
  const { status, stdout, stderr, error } = spawnSync(program, {
    input,
    encoding: 'utf8',
    maxBuffer: MAX_ANSWER_BYTES,
  })
  if (status !== 0) throw new Error(`Cannot ask cyclonus: ${error?.message ?? stderr}`)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => v.parse(v.array(answer), JSON.parse(line)))
}
