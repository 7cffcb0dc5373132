import type { Clock } from '../model/clock.ts'

/** A session stands for a verification: a certificate that has expired meanwhile is found then. */
const SESSION_MS = 600_000
/** A few kilobytes each. The oldest go. */
const MAX_SESSIONS = 1_000

/** Sessions of TLS to be taken up again, by endpoint and identity. */
export class TlsSessions<Session> {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #sessions = new Map<string, { readonly session: Session; readonly since: number }>()

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock
  }

  get(key: string): Session | undefined {
    const held = this.#sessions.get(key)
    if (held === undefined) return undefined
    if (this.#clock.elapsed() - held.since < SESSION_MS) return held.session
    this.#sessions.delete(key)
    return undefined
  }

  /** @param since when its endpoint was verified, in elapsed time: taking a session up again verifies nothing anew */
  put(key: string, session: Session, since: number): void {
    this.#sessions.delete(key)
    this.#sessions.set(key, { session, since })
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest)
  }

  /** When the endpoint of a session was verified. */
  sinceOf(key: string): number | undefined {
    return this.#sessions.get(key)?.since
  }

  /** It was not taken up, or led nowhere. */
  drop(key: string): void {
    this.#sessions.delete(key)
  }
}
