import type { Clock } from '../../model/clock.ts'
import type { UserPassword } from '../../policy/access/find-password.ts'
import type { MatchPassword } from '../../policy/access/password-hash.ts'
import type { Digest } from '../../registry/digest.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Turns, TurnsApart } from '../turns.ts'
import type { Credential, CredentialBook } from './credential-book.ts'

export interface PasswordBookOptions {
  readonly credentials: CredentialBook
  readonly match: MatchPassword
  /** By credential, then by client. */
  readonly turns: TurnsApart
  /** Of what checks them, by credential. */
  readonly thread: Turns
  readonly clock: Pick<Clock, 'elapsed'>
  readonly digest: Digest
  /** Known to this process alone. */
  readonly salt: string
  readonly onTrouble: (error: Error) => void
}

/** What is known of a user's password. */
export type PasswordVerdict = 'admitted' | 'password-invalid' | 'credential-missing'

interface Held {
  readonly verdict: 'admitted' | 'password-invalid'
  readonly until: number
}

/** A hash is made to take long: a good password is looked at again after this. */
const ADMITTED_MS = 3_600_000
const REFUSED_MS = 10_000
const ADMITTED = { maxCount: 20_000, maxBytes: 20_000 }
/** Apart, so that whoever guesses pushes no good one out. */
const REFUSED = { maxCount: 5_000, maxBytes: 5_000 }
/** Fits no password. */
const NO_HASH = ''

/** What is known of passwords: those that fit are remembered by a digest, until what they were checked against says something else. */
export class PasswordBook {
  readonly #options: PasswordBookOptions
  readonly #admitted = new BoundedMap<Held>(ADMITTED)
  readonly #refused = new BoundedMap<Held>(REFUSED)

  constructor(options: PasswordBookOptions) {
    this.#options = options
  }

  /** Undefined: it has to be checked first. */
  verdict(credential: Credential, user: UserPassword): PasswordVerdict | undefined {
    const opened = this.#options.credentials.peek(credential)
    if (opened === undefined) return undefined
    if (opened.type !== 'basic') return 'credential-missing'
    const key = this.#keyOf(credential, user)
    const held = this.#admitted.peek(key) ?? this.#refused.peek(key)
    return held !== undefined && this.#options.clock.elapsed() < held.until ? held.verdict : undefined
  }

  /**
   * Resolves once there is a verdict. Never rejects.
   * @param client who waits for himself when he asks for much
   * @returns `checks-busy` when there is none for want of a turn
   */
  async check(
    credential: Credential,
    user: UserPassword,
    client: string,
  ): Promise<'checks-busy' | undefined> {
    const { credentials, match, turns, thread, onTrouble } = this.#options
    const opened = await credentials.open(credential)
    if (opened.type !== 'basic') return undefined
    const hash = opened.hashes.get(user.name)
    // Who is not there takes as long as another, so that the time tells nobody who is.
    const [another = NO_HASH] = opened.hashes.values()
    try {
      const check = () => match(user.password, hash ?? another)
      const fits = await turns.run(credential.key, client, () => thread.run(credential.key, check))
      if (fits === 'busy') return 'checks-busy'
      this.#hold(this.#keyOf(credential, user), fits && hash !== undefined)
    } catch (cause) {
      onTrouble(new Error(`Cannot check a password against ${credential.key}`, { cause }))
      return 'checks-busy'
    }
    return undefined
  }

  #hold(key: string, isAdmitted: boolean): void {
    const now = this.#options.clock.elapsed()
    if (isAdmitted) this.#admitted.set(key, { verdict: 'admitted', until: now + ADMITTED_MS }, 1)
    else this.#refused.set(key, { verdict: 'password-invalid', until: now + REFUSED_MS }, 1)
  }

  /** Nothing of the password: a copy of the memory would give it away. No name holds a colon. */
  #keyOf(credential: Credential, { name, password }: UserPassword): string {
    const { credentials, digest, salt } = this.#options
    return digest(`${salt} ${credentials.versionOf(credential)} ${name}:${password}`)
  }
}
