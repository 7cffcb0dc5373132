import * as v from 'valibot'
import type { Clock, Timers } from '../../model/clock.ts'
import type { Issuer } from '../../model/jwt-policy.ts'
import type { JwtHeader } from '../../policy/jwt/read-jwt.ts'
import { BoundedMap } from '../bounded-map.ts'
import { KeySet } from './key-set.ts'

/** Reads a document of at most {@link MAX_DOCUMENT} bytes, where the operator lets keys be read. @throws Error */
export type ReadDocument = (url: string, signal: AbortSignal) => Promise<string>

export interface KeySetsOptions {
  readonly read: ReadDocument
  readonly clock: Pick<Clock, 'elapsed'>
  readonly timers: Timers
  /** Whether a request may wait for what another reads: not where the platform ties work to the request that began it. */
  readonly sharesReads: boolean
  readonly onTrouble: (error: Error) => void
}

interface Reading {
  readonly since: number
  /** They are counted, so that an old answer which comes late replaces no newer one. */
  readonly sequence: number
}

interface Entry {
  set: KeySet | undefined
  loadedAt: number
  /** Nobody reads it again before. */
  notBefore: number
  /** Those under way; what a request left behind that was cut off counts until it would have ended. */
  reads: readonly Reading[]
  /** Of the read that the set came from. */
  loadedBy: number
  reading: Promise<void> | undefined
}

export const MAX_DOCUMENT = 256 * 1024
const READ_MS = 3_000
/** From then on a set is read again. */
const FRESH_MS = 300_000
/** A server of keys that is away takes nothing away at once. */
const STALE_MS = 3_600_000
/** However many tokens name keys that are not there. */
const REREAD_MS = 10_000
const FAILURE_MS = 5_000
const MAX_SETS = 1_000
/** Where each request reads for itself. */
const MAX_READS = 4

const discoverySchema = v.object({ issuer: v.string(), jwks_uri: v.string() })

/** The keys of issuers: read when they are needed, at most so often, and kept while their server is away. */
export class KeySets {
  readonly #options: KeySetsOptions
  #sequence = 0
  readonly #entries = new BoundedMap<Entry>({ maxCount: MAX_SETS, maxBytes: MAX_SETS })

  constructor(options: KeySetsOptions) {
    this.#options = options
  }

  /** The issuer's keys, read again when they are old or lack the key that a token names. Undefined: there are none. */
  async keysOf(issuer: Issuer, header: JwtHeader): Promise<KeySet | undefined> {
    const entry = this.#entryOf(issuer)
    const now = this.#options.clock.elapsed()
    const held = this.#held(entry)
    const isEnough = held?.knows(header) === true
    if (isEnough && now < entry.loadedAt + FRESH_MS) return held
    entry.reads = entry.reads.filter(({ since }) => now < since + READ_MS)
    // Who has what he needs does not wait for news of it that another brings.
    if (isEnough && entry.reads.length > 0) return held
    if (entry.reading !== undefined) await entry.reading
    else if (now >= entry.notBefore) {
      // Not: "there is no such key", which nobody knows yet.
      if (entry.reads.length >= MAX_READS) return isEnough ? held : undefined
      await this.#read(issuer, entry, now)
    }
    return this.#held(entry)
  }

  #entryOf({ issuer, jwksUrl }: Issuer): Entry {
    const key = jwksUrl === undefined ? `issuer ${issuer}` : `url ${jwksUrl}`
    const entry = this.#entries.get(key) ?? {
      set: undefined,
      loadedAt: 0,
      notBefore: 0,
      reads: [],
      loadedBy: 0,
      reading: undefined,
    }
    this.#entries.set(key, entry, 1)
    return entry
  }

  #held({ set, loadedAt }: Entry): KeySet | undefined {
    return this.#options.clock.elapsed() < loadedAt + STALE_MS ? set : undefined
  }

  #read(issuer: Issuer, entry: Entry, now: number): Promise<void> {
    const read = { since: now, sequence: ++this.#sequence }
    entry.reads = [...entry.reads, read]
    const reading = this.#load(issuer, entry, read).finally(() => {
      entry.reads = entry.reads.filter((each) => each !== read)
      entry.reading = undefined
    })
    if (this.#options.sharesReads) entry.reading = reading
    return reading
  }

  async #load(issuer: Issuer, entry: Entry, { sequence }: Reading): Promise<void> {
    const { clock, timers, onTrouble } = this.#options
    const abort = new AbortController()
    const timer = timers.start(READ_MS, () => abort.abort(new Error(`no answer within ${READ_MS} ms`)))
    try {
      const url = issuer.jwksUrl ?? (await this.#discover(issuer.issuer, abort.signal))
      const set = new KeySet(await this.#options.read(url, abort.signal))
      if (sequence < entry.loadedBy) return
      entry.set = set
      entry.loadedBy = sequence
      entry.loadedAt = clock.elapsed()
      entry.notBefore = entry.loadedAt + REREAD_MS
    } catch (cause) {
      entry.notBefore = clock.elapsed() + FAILURE_MS
      const where = issuer.jwksUrl === undefined ? '' : ` at ${issuer.jwksUrl}`
      onTrouble(new Error(`Cannot read the keys of issuer ${issuer.issuer}${where}`, { cause }))
    } finally {
      timer.cancel()
    }
  }

  /** OpenID Connect Discovery 1.0 §4. */
  async #discover(issuer: string, signal: AbortSignal): Promise<string> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const said = v.parse(discoverySchema, JSON.parse(await this.#options.read(url, signal)))
    // §4.3: another's configuration would lead to another's keys.
    if (said.issuer !== issuer) throw new Error(`${url} is of another issuer`)
    return said.jwks_uri
  }
}
