import { afterEach, describe } from 'vitest'
import { accessTests } from './gateway-access.ts'
import { authCallTests } from './gateway-auth-calls.ts'
import { faultTests } from './gateway-faults.ts'
import { forwardingTests } from './gateway-forwarding.ts'
import { limitTests } from './gateway-limits.ts'
import { pathTests } from './gateway-paths.ts'
import { responseTests } from './gateway-responses.ts'
import { caseOf, type Shell } from './gateway-shell.ts'
import { streamTests } from './gateway-streams.ts'
import { tokenTests } from './gateway-tokens.ts'

/** What every shell must do with what `plan` decides. Where one cannot, gateway-differences.ts says so by name. */
export function gatewayContract(shell: Shell): void {
  describe(`gateway contract: ${shell.name}`, () => {
    const current = caseOf(shell)
    afterEach(async () => {
      for (const close of current.closers.splice(0).reverse()) await close()
    })
    forwardingTests(current)
    pathTests(current)
    responseTests(current)
    faultTests(current)
    limitTests(current)
    streamTests(current)
    tokenTests(current)
    accessTests(current)
    authCallTests(current)
  })
}
