import { AccessBook } from '../../src/gateway/access/access-book.ts'
import { AuthBook } from '../../src/gateway/access/auth-book.ts'
import { authCaller } from '../../src/gateway/access/call-auth.node.ts'
import { CredentialBook } from '../../src/gateway/access/credential-book.ts'
import { threadedMatch } from '../../src/gateway/access/match-in-thread.node.ts'
import { PasswordBook } from '../../src/gateway/access/password-book.ts'
import { KeySets } from '../../src/gateway/tokens/key-sets.ts'
import { documentReader } from '../../src/gateway/tokens/read-document.node.ts'
import { TokenBook } from '../../src/gateway/tokens/token-book.ts'
import {
  AUTH_CALL_TURNS,
  PASSWORD_TURNS,
  SIGNATURE_TURNS,
  THREAD_TURNS,
  Turns,
  TurnsApart,
} from '../../src/gateway/turns.ts'
import { parseCidr } from '../../src/model/address.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import type { MatchPassword } from '../../src/policy/access/password-hash.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'

const loopback = ['127.0.0.0/8'].map(parseCidr).filter((cidr) => cidr !== undefined)

export interface TestAccessOptions {
  readonly open?: OpenSecret
  readonly match?: MatchPassword
  readonly onTrouble?: (error: Error) => void
}

/** Finds out who clients are, as a gateway does that may ask on this machine. */
export function testAccess({
  open = secretOpener([], []),
  match = threadedMatch(),
  onTrouble = () => {},
}: TestAccessOptions = {}): { readonly tokens: TokenBook; readonly access: AccessBook } {
  const parts = { clock: systemClock, timers: systemTimers, digest: nodeDigest, salt: 'salt', onTrouble }
  const reach = { allowedCidrs: loopback, deniedCidrs: [], isNode: () => false, allowsHttp: true }
  const resolve = () => Promise.reject(new Error('no name server in this test'))
  const turnsOf = (share: typeof PASSWORD_TURNS) => new Turns({ ...share, clock: systemClock })
  const credentials = new CredentialBook({ ...parts, open })
  const keys = new KeySets({ ...parts, read: documentReader(reach, resolve), sharesReads: true })
  return {
    tokens: new TokenBook({ ...parts, keys, credentials, turns: turnsOf(SIGNATURE_TURNS) }),
    access: new AccessBook({
      credentials,
      passwords: new PasswordBook({
        ...parts,
        credentials,
        match,
        turns: new TurnsApart(() => turnsOf(PASSWORD_TURNS)),
        thread: turnsOf(THREAD_TURNS),
      }),
      calls: new AuthBook({
        ...parts,
        call: authCaller(reach, resolve),
        turns: new TurnsApart(() => turnsOf(AUTH_CALL_TURNS)),
      }),
    }),
  }
}
