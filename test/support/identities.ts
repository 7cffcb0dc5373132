import { IdentityBook } from '../../src/gateway/backend-tls/identity-book.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'
import { TlsConnector } from '../../src/wire/client-tls.node.ts'

/** Whom endpoints must prove to be, and what dials them. */
export function testIdentities(
  onTrouble: (error: Error) => void = () => {},
  open: OpenSecret = secretOpener([], []),
): { readonly connector: TlsConnector; readonly identities: IdentityBook } {
  const connector = new TlsConnector({ clock: systemClock, onTrouble })
  const check = connector.check.bind(connector)
  return { connector, identities: new IdentityBook({ open, check, clock: systemClock, onTrouble }) }
}
