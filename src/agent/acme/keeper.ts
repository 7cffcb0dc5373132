import { asError } from '../../model/as-error.ts'
import type { Clock, Random, Timers } from '../../model/clock.ts'
import { Alarm } from '../../model/pause.ts'
import type { AcmeSecrets, HeldSecret, SecretName } from './acme-secrets.ts'
import type { Challenge } from './order.ts'
import { OrderBudget } from './order-budget.ts'
import { AcmeRefusal } from './refusal.ts'
import { renewalAt } from './renewal.ts'

/** What one Service asks for: a Secret with a certificate for these hosts, which are its own. */
export interface Wish {
  readonly secret: SecretName
  readonly hosts: readonly string[]
}

/** Carries an order out: see fulfilOrder. */
export type Fulfil = (
  secret: SecretName,
  hosts: readonly string[],
  answer: (challenges: readonly Challenge[]) => Promise<void>,
  signal: AbortSignal,
) => Promise<HeldSecret>

export interface KeeperOptions {
  readonly secrets: AcmeSecrets
  readonly fulfil: Fulfil
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** All challenges that gateways are to answer now. */
  readonly onChallenges: (challenges: readonly Challenge[]) => Promise<void>
  /** What is wrong with a Service's certificate now; undefined: nothing. */
  readonly onTrouble: (service: string, error: Error | undefined) => void
}

interface Job {
  readonly secret: SecretName
  hosts: readonly string[]
  /** When it is to be looked at, ms since the Unix epoch. */
  dueAt: number
  /** The authority does not want to hear of it before then. */
  notBefore: number
  failures: number
  isBusy: boolean
}

const MAX_AT_ONCE = 2
const WAITS = 'as many were ordered in the last hour as may be, or the authority asks to wait'
const FIRST_RETRY_MS = 60_000
const MAX_RETRY_MS = 6 * 3_600_000
/** A Secret that was taken away or changed by hand is noticed by then. */
const MAX_REST_MS = 3_600_000

/** Keeps the certificates that Services ask for: orders those that are missing, and renews them. Only a leader runs it. */
export class CertificateKeeper {
  readonly #options: KeeperOptions
  readonly #wishes = new Map<string, Wish>()
  /** By namespace/name of the Secret. */
  readonly #jobs = new Map<string, Job>()
  readonly #challenges = new Map<string, readonly Challenge[]>()
  readonly #budget: OrderBudget
  readonly #alarm: Alarm
  /** The authority does not want to hear of anything before then. */
  #closedUntil = 0

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#budget = new OrderBudget(options.clock)
    this.#alarm = new Alarm(options.timers)
  }

  /** What a Service (namespace/name) asks for from now on. Services that name one Secret share its certificate. */
  want(service: string, wish: Wish | undefined): void {
    const before = this.#wishes.get(service)
    if (wish === undefined) this.#wishes.delete(service)
    else this.#wishes.set(service, wish)
    const secrets = [before, wish].flatMap((each) => each?.secret ?? [])
    for (const secret of new Map(secrets.map((each) => [keyOf(each), each])).values()) this.#settle(secret)
    if (before !== undefined && wish === undefined) this.#options.onTrouble(service, undefined)
    this.#alarm.ring()
  }

  /** Orders and renews until aborted. */
  async run(term: AbortSignal): Promise<void> {
    const running = new Set<Promise<void>>()
    // What another leader did meanwhile is not known.
    for (const job of this.#jobs.values()) job.dueAt = job.notBefore
    while (!term.aborted) {
      for (const job of this.#due(running.size)) {
        job.isBusy = true
        const task = this.#look(job, term).finally(() => {
          job.isBusy = false
          running.delete(task)
          this.#alarm.ring()
        })
        running.add(task)
      }
      await this.#alarm.pause(this.#restMs(), term)
    }
    await Promise.all(running)
  }

  #settle(secret: SecretName): void {
    const key = keyOf(secret)
    const hosts = [...this.#wishes.values()]
      .filter((wish) => keyOf(wish.secret) === key)
      .flatMap((wish) => wish.hosts)
    const sorted = [...new Set(hosts)].sort()
    const job = this.#jobs.get(key)
    if (sorted.length === 0) this.#jobs.delete(key)
    else if (job === undefined) {
      this.#jobs.set(key, { secret, hosts: sorted, dueAt: 0, notBefore: 0, failures: 0, isBusy: false })
    } else if (job.hosts.join() !== sorted.join())
      Object.assign(job, { hosts: sorted, dueAt: job.notBefore, failures: 0 })
  }

  #due(running: number): Job[] {
    const now = this.#options.clock.now()
    const due = [...this.#jobs.values()].filter((job) => !job.isBusy && job.dueAt <= now)
    return due.slice(0, MAX_AT_ONCE - running)
  }

  #restMs(): number {
    const now = this.#options.clock.now()
    const idle = [...this.#jobs.values()].filter(({ isBusy }) => !isBusy)
    return Math.min(MAX_REST_MS, ...idle.map(({ dueAt }) => Math.max(1_000, dueAt - now)))
  }

  /** Reads the Secret, and orders when it is time. */
  async #look(job: Job, term: AbortSignal): Promise<void> {
    const { secrets, fulfil, clock, random } = this.#options
    const { secret, hosts } = job
    const now = clock.now()
    try {
      let held = await secrets.read(secret, term)
      if (renewalAt(held, hosts, random) <= now) {
        const waitMs = Math.max(this.#closedUntil - now, 0) || this.#budget.take(secret.namespace)
        if (waitMs > 0) {
          job.dueAt = now + waitMs
          this.#tell(secret, new Error(`Cannot order a certificate for ${hosts.join(', ')} yet: ${WAITS}`))
          return
        }
        held = await fulfil(secret, hosts, (challenges) => this.#answer(keyOf(secret), challenges), term)
      }
      job.failures = 0
      // Those that asked for other hosts meanwhile are due at once.
      const isSame = job.hosts === hosts
      job.dueAt = isSame ? Math.min(renewalAt(held, hosts, random), clock.now() + MAX_REST_MS) : 0
      job.notBefore = 0
      this.#tell(secret, undefined)
    } catch (error) {
      if (term.aborted) return
      const trouble = asError(error)
      job.dueAt = clock.now() + this.#retryMs(++job.failures, trouble)
      if (trouble instanceof AcmeRefusal) this.#heed(job, trouble)
      this.#tell(secret, trouble)
    }
  }

  async #answer(key: string, challenges: readonly Challenge[]): Promise<void> {
    if (challenges.length === 0) this.#challenges.delete(key)
    else this.#challenges.set(key, challenges)
    await this.#options.onChallenges([...this.#challenges.values()].flat())
  }

  #tell(secret: SecretName, trouble: Error | undefined): void {
    for (const [service, wish] of this.#wishes) {
      if (keyOf(wish.secret) === keyOf(secret)) this.#options.onTrouble(service, trouble)
    }
  }

  /** Whatever changes meanwhile: hosts that come and go are no way around it. */
  #heed(job: Job, { retryAfterMs, isForAll }: AcmeRefusal): void {
    const until = this.#options.clock.now() + retryAfterMs
    if (isForAll) this.#closedUntil = Math.max(this.#closedUntil, until)
    else if (retryAfterMs > 0) job.notBefore = until
  }

  #retryMs(failures: number, error: Error): number {
    const backoff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
    const asked = error instanceof AcmeRefusal ? error.retryAfterMs : 0
    return Math.max(asked, backoff * (0.75 + this.#options.random() / 2))
  }
}

function keyOf({ namespace, name }: SecretName): string {
  return `${namespace}/${name}`
}
