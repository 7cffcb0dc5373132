import { fileURLToPath } from 'node:url'
import type { GoProgram } from './go-program.ts'

/** The certificate authority of the ACME tests. */
export const pebble: GoProgram = {
  name: 'pebble',
  variable: 'POSTERN_PEBBLE',
  module: fileURLToPath(new URL('../../test/agent/acme/pebble', import.meta.url)),
  package: 'github.com/letsencrypt/pebble/v2/cmd/pebble',
  sources: [],
}
