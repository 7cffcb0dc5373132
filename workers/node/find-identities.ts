import { IdentityBook } from '../../src/gateway/backend-tls/identity-book.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import type { TlsConnector } from '../../src/wire/client-tls.node.ts'
import { say } from './say.ts'

/** Whom endpoints must prove to be over TLS, in this process. */
export function createIdentityBook(connector: Pick<TlsConnector, 'check'>, open: OpenSecret): IdentityBook {
  return new IdentityBook({
    open,
    check: (identity) => connector.check(identity),
    clock: systemClock,
    onTrouble: say,
  })
}
