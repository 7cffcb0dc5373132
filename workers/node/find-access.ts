import { randomBytes } from 'node:crypto'
import { AccessBook } from '../../src/gateway/access/access-book.ts'
import { AuthBook } from '../../src/gateway/access/auth-book.ts'
import { authCaller } from '../../src/gateway/access/call-auth.node.ts'
import { CredentialBook } from '../../src/gateway/access/credential-book.ts'
import { threadedMatch } from '../../src/gateway/access/match-in-thread.node.ts'
import { PasswordBook } from '../../src/gateway/access/password-book.ts'
import type { Answer } from '../../src/gateway/external-names.ts'
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
import type { Cidr } from '../../src/model/address.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { say } from './say.ts'

export interface AccessConfig {
  readonly jwksCidrs: readonly Cidr[]
  readonly allowHttpJwks: boolean
  readonly authCidrs: readonly Cidr[]
  readonly allowHttpAuth: boolean
  readonly deniedExternalCidrs: readonly Cidr[]
}

export interface AccessParts {
  readonly open: OpenSecret
  readonly resolve: (name: string) => Promise<Answer>
  readonly isNode: (address: string) => boolean
}

const parts = { clock: systemClock, timers: systemTimers, digest: nodeDigest, onTrouble: say }

/** What finds out who clients are, in this process: by their tokens, and by other proofs. */
export function createAccess(
  { jwksCidrs, allowHttpJwks, authCidrs, allowHttpAuth, deniedExternalCidrs }: AccessConfig,
  { open, resolve, isNode }: AccessParts,
): { readonly tokens: TokenBook; readonly access: AccessBook } {
  const never = { deniedCidrs: deniedExternalCidrs, isNode }
  const keyReach = { ...never, allowedCidrs: jwksCidrs, allowsHttp: allowHttpJwks }
  const authReach = { ...never, allowedCidrs: authCidrs, allowsHttp: allowHttpAuth }
  const salt = randomBytes(32).toString('hex')
  const credentials = new CredentialBook({ ...parts, open, salt })
  const keys = new KeySets({ ...parts, read: documentReader(keyReach, resolve), sharesReads: true })
  const turnsOf = (share: typeof PASSWORD_TURNS): Turns => new Turns({ ...share, clock: systemClock })
  return {
    tokens: new TokenBook({ ...parts, keys, credentials, turns: turnsOf(SIGNATURE_TURNS) }),
    access: new AccessBook({
      credentials,
      passwords: new PasswordBook({
        ...parts,
        credentials,
        salt,
        match: threadedMatch(),
        turns: new TurnsApart(() => turnsOf(PASSWORD_TURNS)),
        thread: turnsOf(THREAD_TURNS),
      }),
      calls: new AuthBook({
        ...parts,
        call: authCaller(authReach, resolve),
        turns: new TurnsApart(() => turnsOf(AUTH_CALL_TURNS)),
      }),
    }),
  }
}
