import type { ObjectChange } from '../../compile/compilation.ts'
import type { ServiceExposure } from '../../compile/output.ts'
import type { Clock, Random, Timers } from '../../model/clock.ts'
import type { Service } from '../../model/objects/service.ts'
import type { Problem } from '../../model/problem.ts'
import { type AccountOptions, openAccount } from './account.ts'
import type { AcmeSecrets } from './acme-secrets.ts'
import { type AuthorityOptions, openAuthority } from './authority.ts'
import { CertificateKeeper, type Fulfil } from './keeper.ts'
import { type Challenge, fulfilOrder } from './order.ts'
import { failure, wishOf } from './wishes.ts'

/** Gateways hear of a record within this; those of the Worker look again after a second or so. */
const SETTLE_MS = 5_000

export interface AcmeOptions extends AuthorityOptions {
  readonly account: AccountOptions
  readonly secrets: AcmeSecrets
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly settleMs?: number
  /** Compiles and publishes: resolves when gateways may have it. */
  readonly apply: (changes: readonly ObjectChange[]) => Promise<void>
  readonly onTrouble: (error: Error) => void
}

interface Known {
  readonly service: Service
  readonly asked: readonly Problem[]
  failed: readonly Problem[]
}

/** Orders certificates for the Services that ask for it; challenges and problems go the way of every other change. */
export class Acme {
  readonly #options: AcmeOptions
  readonly #keeper: CertificateKeeper
  /** Services (namespace/name) that ask, or asked in vain. */
  readonly #known = new Map<string, Known>()
  #answered: readonly Challenge[] = []

  constructor(options: AcmeOptions) {
    this.#options = options
    this.#keeper = new CertificateKeeper({
      ...options,
      fulfil: (...order) => this.#fulfil(...order),
      onChallenges: (challenges) => this.#publish(challenges),
      onTrouble: (service, error) => this.#fail(service, error),
    })
  }

  /** Services that changed, or whose hosts did. */
  update(changed: readonly ServiceExposure[]): void {
    for (const exposure of changed) {
      const { name, service } = exposure
      const { wish, problems } = wishOf(exposure)
      const before = this.#known.get(name)
      if (service === undefined || (wish === undefined && problems.length === 0)) this.#known.delete(name)
      else
        this.#known.set(name, {
          service,
          asked: problems,
          failed: wish === undefined ? [] : (before?.failed ?? []),
        })
      if (before === undefined && !this.#known.has(name)) continue
      this.#keeper.want(name, wish)
      this.#tell(name)
    }
  }

  /** Works while this agent leads. */
  run(term: AbortSignal): Promise<void> {
    return this.#keeper.run(term)
  }

  /** Opened for each order anew: whoever changes the account's Secret is heard. */
  async #fulfil(...[secret, hosts, answer, signal]: Parameters<Fulfil>): ReturnType<Fulfil> {
    const { secrets, timers, account, settleMs = SETTLE_MS } = this.#options
    const authority = await openAuthority(this.#options)
    const client = await openAccount(authority, secrets, account, signal)
    return await fulfilOrder({ authority, client, secrets, timers, settleMs, answer }, secret, hosts, signal)
  }

  async #publish(challenges: readonly Challenge[]): Promise<void> {
    const now = new Map(challenges.map((each) => [`${each.host}/${each.token}`, each.keyAuthorization]))
    const gone = this.#answered.map(({ host, token }) => `${host}/${token}`).filter((key) => !now.has(key))
    this.#answered = challenges
    await this.#options.apply([
      ...gone.map((key) => ({ type: 'challenge' as const, key, value: undefined })),
      ...[...now].map(([key, keyAuthorization]) => ({
        type: 'challenge' as const,
        key,
        value: { keyAuthorization },
      })),
    ])
  }

  #fail(name: string, error: Error | undefined): void {
    const known = this.#known.get(name)
    if (known === undefined || (error === undefined && known.failed.length === 0)) return
    known.failed = error === undefined ? [] : [failure(known.service, error)]
    this.#tell(name)
  }

  #tell(name: string): void {
    const { asked = [], failed = [] } = this.#known.get(name) ?? {}
    const found = { type: 'found' as const, facet: `acme ${name}`, problems: [...asked, ...failed] }
    void this.#options.apply([found]).catch(this.#options.onTrouble)
  }
}
