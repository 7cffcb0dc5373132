import type { Clock, Timers } from '../../model/clock.ts'
import type { Digest } from '../../registry/digest.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { RequestHead } from '../road.ts'
import type { TurnsApart } from '../turns.ts'
import {
  type AuthAnswer,
  type AuthAsk,
  type AuthRequest,
  type AuthVerdict,
  authRequest,
  cacheKey,
  readAnswer,
} from './auth-call.ts'

/** Asks, where the operator lets it be asked; redirects are answers. @throws Error */
export type CallAuth = (request: AuthRequest, signal: AbortSignal) => Promise<AuthAnswer>

export interface AuthBookOptions {
  readonly call: CallAuth
  /** By Service, then by client: an auth server may be slow, and the clients of others do not wait for that. */
  readonly turns: TurnsApart
  readonly clock: Pick<Clock, 'elapsed'>
  readonly timers: Timers
  readonly digest: Digest
  readonly onTrouble: (error: Error) => void
}

interface Held {
  readonly verdict: AuthVerdict
  readonly until: number
}

/** What of an answer's body goes on to a client. Longer ones are cut off. */
export const MAX_ANSWER = 16 * 1024
/** Its fields. */
export const MAX_ANSWER_FIELDS = 16 * 1024
const ANSWER_MS = 5_000
const BOUNDS = { maxCount: 10_000, maxBytes: 16 * 1024 * 1024 }
const HELD_BYTES = 300
/** An auth server that is away is told of so often. */
const TOLD_MS = 10_000

/** What others say of requests: each is asked about once, or as often as its Service's cache says. */
export class AuthBook {
  readonly #options: AuthBookOptions
  /** Of requests under way, by Service. */
  readonly #asked = new WeakMap<RequestHead, Map<string, AuthVerdict>>()
  readonly #held = new BoundedMap<Held>(BOUNDS)
  #quietUntil = Number.NEGATIVE_INFINITY

  constructor(options: AuthBookOptions) {
    this.#options = options
  }

  /** Undefined: somebody has to be asked first. */
  verdict(ask: AuthAsk): AuthVerdict | undefined {
    const asked = this.#asked.get(ask.head)?.get(ask.service)
    if (asked !== undefined || ask.policy.cache === undefined) return asked
    const key = cacheKey(ask)
    const held = key === undefined ? undefined : this.#held.peek(this.#options.digest(key))
    return held !== undefined && this.#options.clock.elapsed() < held.until ? held.verdict : undefined
  }

  /**
   * Resolves once there is a verdict. Never rejects.
   * @param client who waits for himself when he asks for much
   * @returns `checks-busy` when there is none for want of a turn
   */
  async ask(ask: AuthAsk, client: string): Promise<'checks-busy' | undefined> {
    const answer = await this.#options.turns.run(ask.service, client, () => this.#call(ask))
    if (answer === 'busy') return 'checks-busy'
    const verdict = answer === undefined ? UNAVAILABLE : readAnswer(ask, answer)
    const asked = this.#asked.get(ask.head) ?? new Map<string, AuthVerdict>()
    this.#asked.set(ask.head, asked.set(ask.service, verdict))
    if (answer !== undefined) this.#remember(ask, answer, verdict)
    return undefined
  }

  async #call({ policy, ...rest }: AuthAsk): Promise<AuthAnswer | undefined> {
    const { call, timers } = this.#options
    const abort = new AbortController()
    const timer = timers.start(ANSWER_MS, () => abort.abort(new Error(`no answer within ${ANSWER_MS} ms`)))
    try {
      const answer = await call(authRequest({ policy, ...rest }), abort.signal)
      const isPlain =
        (answer.status >= 200 && answer.status < 300) || answer.status === 401 || answer.status === 403
      if (!isPlain) this.#tell(policy.url, new Error(`it answers ${answer.status}`))
      return answer
    } catch (cause) {
      this.#tell(policy.url, cause)
      return undefined
    } finally {
      timer.cancel()
    }
  }

  /** Only who was let in, and nothing that was meant once. */
  #remember(ask: AuthAsk, { fields }: AuthAnswer, verdict: AuthVerdict): void {
    const key = cacheKey(ask)
    if (verdict.type !== 'admitted' || key === undefined || ask.policy.cache === undefined) return
    if (verdict.answerFields.length > 0 || isNotForStoring(fields)) return
    const until = this.#options.clock.elapsed() + ask.policy.cache.forMs
    const bytes = HELD_BYTES + verdict.fields.reduce((sum, part) => sum + part.length, 0)
    this.#held.set(this.#options.digest(key), { verdict, until }, bytes)
  }

  #tell(url: string, cause: unknown): void {
    const now = this.#options.clock.elapsed()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + TOLD_MS
    this.#options.onTrouble(new Error(`Cannot ask ${withoutQuery(url)} about a request`, { cause }))
  }
}

const UNAVAILABLE: AuthVerdict = { type: 'unavailable' }

function isNotForStoring(fields: readonly string[]): boolean {
  return fields.some(
    (part, i) =>
      i % 2 === 0 &&
      part.toLowerCase() === 'cache-control' &&
      /no-(?:store|cache)/i.test(fields[i + 1] ?? ''),
  )
}

function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
