import { fileURLToPath } from 'node:url'
import type { GoProgram } from './go-program.ts'

/** The proxy that makes a network slow, or cuts it: the fault tests stand it between Postern and Redis. */
export const toxiproxy: GoProgram = {
  name: 'toxiproxy',
  variable: 'POSTERN_TOXIPROXY',
  module: fileURLToPath(new URL('../../test/system/toxiproxy', import.meta.url)),
  package: 'github.com/Shopify/toxiproxy/v2/cmd/server',
  sources: [],
}
