import { fileURLToPath } from 'node:url'
import type { GoProgram } from './go-program.ts'

/** An evaluator of NetworkPolicies that is not ours: the conformance tests ask both. */
export const cyclonus: GoProgram = {
  name: 'cyclonus',
  variable: 'POSTERN_CYCLONUS',
  module: fileURLToPath(new URL('../../test/conformance/netpol', import.meta.url)),
  package: '.',
  sources: ['main.go'],
}
