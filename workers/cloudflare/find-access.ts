import { AccessBook } from '../../src/gateway/access/access-book.ts'
import { AuthBook } from '../../src/gateway/access/auth-book.ts'
import { CredentialBook } from '../../src/gateway/access/credential-book.ts'
import { PasswordBook } from '../../src/gateway/access/password-book.ts'
import { KeySets } from '../../src/gateway/tokens/key-sets.ts'
import { TokenBook } from '../../src/gateway/tokens/token-book.ts'
import {
  AUTH_CALL_TURNS,
  PASSWORD_TURNS,
  SIGNATURE_TURNS,
  THREAD_TURNS,
  Turns,
  TurnsApart,
  withoutWaiting,
} from '../../src/gateway/turns.ts'
import { matchPassword } from '../../src/policy/access/password-hash.ts'
import { portableDigest } from '../../src/registry/digest.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'
import { authCaller } from './auth-caller.ts'
import type { WorkerConfig } from './config.ts'
import type { Platform } from './gateway.ts'
import { keyReader } from './key-reader.ts'

/** What finds out who clients are, in one isolate. No request waits for what another began. */
export function createAccess(
  config: WorkerConfig,
  platform: Platform,
): { readonly tokens: TokenBook; readonly access: AccessBook } {
  const { clock, fetch } = platform
  const parts = { ...platform, digest: portableDigest, salt: crypto.randomUUID() }
  const open = secretOpener(config.SEALING_KEYS ?? [], [config.CLUSTER])
  const credentials = new CredentialBook({ ...parts, open })
  const keys = new KeySets({ ...platform, read: keyReader(config, fetch), sharesReads: false })
  const turnsOf = (share: typeof PASSWORD_TURNS): Turns => new Turns({ ...withoutWaiting(share), clock })
  return {
    tokens: new TokenBook({
      ...parts,
      keys,
      credentials,
      turns: turnsOf({ ...SIGNATURE_TURNS, atOnce: 64, atOnceEach: 16 }),
    }),
    access: new AccessBook({
      credentials,
      passwords: new PasswordBook({
        ...parts,
        credentials,
        match: matchPassword,
        turns: new TurnsApart(() => turnsOf(PASSWORD_TURNS)),
        thread: turnsOf(THREAD_TURNS),
      }),
      calls: new AuthBook({
        ...parts,
        call: authCaller(config, fetch),
        turns: new TurnsApart(() => turnsOf(AUTH_CALL_TURNS)),
      }),
    }),
  }
}
