import { type Endpoint, keyed } from '../balance/endpoint.ts'
import { parseIp } from '../model/address.ts'
import type { Clock } from '../model/clock.ts'
import type { ServiceRecord } from '../model/records.ts'
import { type ExternalReach, externalRefusal } from './external-reach.ts'

export type ExternalTarget = Extract<ServiceRecord['target'], { type: 'external' }>

/** What a name server said. */
export interface Answer {
  readonly addresses: readonly string[]
  /** How long it holds (RFC 1035 §3.2.1). */
  readonly ttlSeconds: number
}

export interface ExternalNamesOptions {
  readonly clock: Pick<Clock, 'elapsed'>
  /** @throws Error when there is no answer */
  readonly resolve: (name: string) => Promise<Answer>
  readonly reach: ExternalReach
  readonly onTrouble: (error: Error) => void
}

interface Entry {
  /** Normalised. */
  addresses: readonly string[]
  /** Asked again from then on; what is held is used meanwhile. */
  dueAt: number
  /** Not used from then on. */
  endsAt: number
  asking: Promise<void> | undefined
}

const MIN_TTL_MS = 1_000
const MAX_TTL_MS = 300_000
/** A name server that is away takes nothing away at once. */
const STALE_MS = 300_000
/** A name without an answer is not asked for with each request. */
const FAILURE_MS = 5_000
/** More names than any gateway serves: the oldest go. */
const MAX_NAMES = 10_000

/**
 * Addresses of ExternalName Services, with their TTL. An answer that leads where no name may is dropped; what was checked
 * is what is dialled, so that a name which answers differently the second time gains nothing.
 */
export class ExternalNames {
  readonly #options: ExternalNamesOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: ExternalNamesOptions) {
    this.#options = options
  }

  /** The endpoints of a target; undefined when its name must be waited for. Begins to ask again when that is due. */
  externalEndpoints({ name, port }: ExternalTarget): readonly Endpoint[] | undefined {
    const entry = this.#entries.get(name)
    const now = this.#options.clock.elapsed()
    if (entry === undefined || now >= entry.endsAt) return undefined
    if (now >= entry.dueAt) void this.resolve(name)
    const { isNode } = this.#options.reach
    // An address that was no Node's when the name was asked for may be one by now.
    return entry.addresses.flatMap((address) => (isNode(address) ? [] : externalEndpoint(address, port)))
  }

  /** Resolves once the name has an answer, or is known to have none. Never rejects. */
  resolve(name: string): Promise<void> {
    const entry = this.#entries.get(name) ?? { addresses: [], dueAt: 0, endsAt: 0, asking: undefined }
    this.#entries.set(name, entry)
    if (this.#entries.size > MAX_NAMES) this.#forgetOldest()
    entry.asking ??= this.#ask(name, entry).finally(() => {
      entry.asking = undefined
    })
    return entry.asking
  }

  async #ask(name: string, entry: Entry): Promise<void> {
    const { resolve, clock, onTrouble } = this.#options
    try {
      const { addresses, ttlSeconds } = await resolve(name)
      const ttlMs = Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttlSeconds * 1000))
      entry.addresses = addresses.flatMap((address) => this.#read(name, address) ?? [])
      entry.dueAt = clock.elapsed() + ttlMs
      entry.endsAt = entry.dueAt + STALE_MS
    } catch (cause) {
      onTrouble(new Error(`Cannot resolve ${name}`, { cause }))
      const now = clock.elapsed()
      entry.dueAt = now + FAILURE_MS
      if (now < entry.endsAt) return
      entry.addresses = []
      entry.endsAt = entry.dueAt
    }
  }

  /** An address that may be dialled, normalised. */
  #read(name: string, text: string): string | undefined {
    const { reach, onTrouble } = this.#options
    const address = parseIp(text)
    const refusal = address === undefined ? 'is no address' : externalRefusal(address, reach)
    if (refusal === undefined) return address?.toString()
    onTrouble(new Error(`Refused an answer for ${name}: ${text} ${refusal}`))
    return undefined
  }

  #forgetOldest(): void {
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}

/** @param address or a name, where the platform resolves it */
export function externalEndpoint(address: string, port: number): Endpoint {
  const facts = { pod: undefined, node: undefined, zone: undefined, isFar: false, guards: [] }
  return { ...keyed(address, port), ...facts }
}
