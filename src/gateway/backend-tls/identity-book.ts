import type { Clock } from '../../model/clock.ts'
import { readCredential } from '../../model/credential-texts.ts'
import type { OpenSecret } from '../../model/secret-part.ts'
import { recordId } from '../../registry/owner.ts'
import type { TlsIdentity } from '../../wire/tls-identity.ts'
import { namesOf, type ServiceTls } from './service-tls.ts'

/** What a Service's endpoints are spoken to with; `unavailable`: it cannot be had. */
export type IdentityAnswer = TlsIdentity | 'unavailable'

/** Undefined: what it needs has to be opened first. */
export type Identities = (tls: ServiceTls) => IdentityAnswer | undefined

/** Opens what identities need. */
export interface IdentityOpener {
  /** Resolves once it is known what endpoints are spoken to with. Never rejects. */
  open(tls: ServiceTls): Promise<void>
}

export interface IdentityBookOptions {
  readonly open: OpenSecret
  /** @throws Error when the platform cannot use an identity */
  readonly check: (identity: TlsIdentity) => void
  readonly clock: Pick<Clock, 'elapsed'>
  readonly onTrouble: (error: Error) => void
}

interface Entry {
  answer: IdentityAnswer | undefined
  /** From then on what could not be had is tried again, in elapsed time. */
  retryAt: number
  opening: Promise<void> | undefined
}

const RETRY_MS = 5_000

/** Whom Services' endpoints must prove to be: made when a request first needs it, and held as long as its table holds it. */
export class IdentityBook implements IdentityOpener {
  readonly #options: IdentityBookOptions
  readonly #entries = new WeakMap<ServiceTls, Entry>()

  constructor(options: IdentityBookOptions) {
    this.#options = options
  }

  identityOf(tls: ServiceTls): IdentityAnswer | undefined {
    if (tls.fault !== undefined) return 'unavailable'
    const entry = this.#entryOf(tls)
    if (entry.answer === 'unavailable' && this.#options.clock.elapsed() >= entry.retryAt) {
      entry.answer = undefined
    }
    // Without a certificate of ours there is nothing to open.
    if (entry.answer === undefined && tls.client === undefined) this.#settle(tls, entry, undefined)
    return entry.answer
  }

  open(tls: ServiceTls): Promise<void> {
    const entry = this.#entryOf(tls)
    entry.opening ??= this.#open(tls, entry).finally(() => {
      entry.opening = undefined
    })
    return entry.opening
  }

  async #open(tls: ServiceTls, entry: Entry): Promise<void> {
    const { client } = tls
    if (client === undefined || this.identityOf(tls) !== undefined) return
    try {
      const text = await this.#options.open(client.record.secret, recordId('credential', client.key))
      const opened = readCredential('client-certificate', text)
      if (opened === undefined) throw new Error(`Secret ${client.key} holds no certificate with its key`)
      this.#settle(tls, entry, opened)
    } catch (cause) {
      this.#fail(tls, entry, cause)
    }
  }

  #settle(tls: ServiceTls, entry: Entry, client: TlsIdentity['client']): void {
    const { id, settings, ca } = tls
    const { serverName, verify } = settings
    const identity = { id, serverName, names: namesOf(settings), verify, ca, client }
    try {
      this.#options.check(identity)
      entry.answer = identity
    } catch (cause) {
      this.#fail(tls, entry, cause)
    }
  }

  #fail({ settings }: ServiceTls, entry: Entry, cause: unknown): void {
    const { clock, onTrouble } = this.#options
    entry.answer = 'unavailable'
    entry.retryAt = clock.elapsed() + RETRY_MS
    onTrouble(new Error(`Cannot speak TLS with endpoints as ${settings.serverName}`, { cause }))
  }

  #entryOf(tls: ServiceTls): Entry {
    const known = this.#entries.get(tls)
    if (known !== undefined) return known
    const entry = { answer: undefined, retryAt: 0, opening: undefined }
    this.#entries.set(tls, entry)
    return entry
  }
}
