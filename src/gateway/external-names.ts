import { type Endpoint, endpointAt } from '../balance/endpoint.ts'
import { parseIp } from '../model/address.ts'
import { asError } from '../model/as-error.ts'
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
  /** What was wrong with the last answer, a line each. */
  troubles: readonly string[]
}

const MIN_TTL_MS = 1_000
const MAX_TTL_MS = 300_000
/** A name server that is away takes nothing away at once. */
const STALE_MS = 300_000
/** A name without an answer is not asked for with each request. */
const FAILURE_MS = 5_000
/** More names than any gateway serves: the oldest go. */
const MAX_NAMES = 10_000
/** Of one answer, which whoever holds the name may make as long as he likes. */
const MAX_TROUBLES = 20

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

  /** What was wrong with the last answer for a name: that there was none, or what of it was refused. */
  troublesOf(name: string): readonly string[] {
    const { addresses = [], troubles = [] } = this.#entries.get(name) ?? {}
    const { isNode } = this.#options.reach
    const ofNodes = addresses
      .filter(isNode)
      .map((address) => refused(name, address, 'is the address of a Node'))
    return [...troubles, ...ofNodes]
  }

  /** Resolves once the name has an answer, or is known to have none. Never rejects. */
  resolve(name: string): Promise<void> {
    const entry = this.#entries.get(name) ?? {
      addresses: [],
      dueAt: 0,
      endsAt: 0,
      asking: undefined,
      troubles: [],
    }
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
      this.#read(name, addresses, entry)
      entry.dueAt = clock.elapsed() + ttlMs
      entry.endsAt = entry.dueAt + STALE_MS
    } catch (cause) {
      onTrouble(new Error(`Cannot resolve ${name}`, { cause }))
      entry.troubles = [`Cannot resolve ${name}: ${asError(cause).message}`]
      const now = clock.elapsed()
      entry.dueAt = now + FAILURE_MS
      if (now < entry.endsAt) return
      entry.addresses = []
      entry.endsAt = entry.dueAt
    }
  }

  /** Of an answer what may be dialled, normalised. */
  #read(name: string, texts: readonly string[], entry: Entry): void {
    const { reach, onTrouble } = this.#options
    const addresses: string[] = []
    const troubles: string[] = []
    for (const text of texts) {
      const address = parseIp(text)
      const refusal = address === undefined ? 'is no address' : externalRefusal(address, reach)
      if (address !== undefined && refusal === undefined) addresses.push(address.toString())
      else troubles.push(refused(name, text, refusal ?? 'is no address'))
    }
    for (const trouble of troubles) onTrouble(new Error(trouble))
    entry.addresses = addresses
    entry.troubles = texts.length === 0 ? [`${name} has no address`] : troubles.slice(0, MAX_TROUBLES)
  }

  #forgetOldest(): void {
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}

function refused(name: string, text: string, refusal: string): string {
  return `Refused an answer for ${name}: ${text} ${refusal}`
}

/** @param address or a name, where the platform resolves it */
export function externalEndpoint(address: string, port: number): Endpoint {
  const facts = { pod: undefined, node: undefined, zone: undefined, isFar: false, guards: [] }
  return endpointAt(address, port, facts)
}
