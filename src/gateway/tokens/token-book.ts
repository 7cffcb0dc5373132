import { type CryptoKey, compactVerify } from 'jose'
import type { Clock } from '../../model/clock.ts'
import { claimsFault, endOf } from '../../policy/jwt/check-claims.ts'
import { claimFields } from '../../policy/jwt/claim-fields.ts'
import { type ReadJwt, readJwt } from '../../policy/jwt/read-jwt.ts'
import type { Digest } from '../../registry/digest.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { KeySets } from './key-sets.ts'
import type { TokenCheck, TokenFault, TokenVerdict } from './token-check.ts'

export interface TokenBookOptions {
  readonly keys: KeySets
  readonly clock: Pick<Clock, 'now'>
  readonly digest: Digest
  /** A fault of ours. */
  readonly onTrouble: (error: Error) => void
}

/** Finds out whether tokens are good, for the road to read. */
export interface TokenVerifier {
  /** Resolves once a token has a verdict. Never rejects. */
  verify(check: TokenCheck, token: string): Promise<void>
}

interface Held {
  readonly verdict: TokenVerdict
  /** ms since the epoch. */
  readonly until: number
}

/** A token is looked at again after this long at most: its key may have been withdrawn. */
const ADMITTED_MS = 300_000
const REFUSED_MS = 10_000
/** Nobody could say: the next one asks again. */
const UNKNOWN_MS = 1_000
const ADMITTED = { maxCount: 50_000, maxBytes: 32 * 1024 * 1024 }
/** Apart, so that whoever makes tokens up pushes no good one out. */
const REFUSED = { maxCount: 5_000, maxBytes: 5_000 }
/** What one takes beside its fields. */
const HELD_BYTES = 300

/** What is known of tokens: verified ones are remembered by a digest, until they expire. */
export class TokenBook implements TokenVerifier {
  readonly #options: TokenBookOptions
  readonly #admitted = new BoundedMap<Held>(ADMITTED)
  readonly #refused = new BoundedMap<Held>(REFUSED)

  constructor(options: TokenBookOptions) {
    this.#options = options
  }

  /** What is known of a token; undefined when it has to be verified first. Read by plans, which change nothing. */
  verdict(check: TokenCheck, token: string): TokenVerdict | undefined {
    const key = this.#keyOf(check, token)
    const held = this.#admitted.peek(key) ?? this.#refused.peek(key)
    return held !== undefined && this.#options.clock.now() < held.until ? held.verdict : undefined
  }

  async verify(check: TokenCheck, token: string): Promise<void> {
    try {
      const read = readJwt(token)
      const fault = read === undefined ? 'token-invalid' : await this.#faultOf(check, token, read)
      if (read === undefined || fault !== undefined) this.#refuse(check, token, fault ?? 'token-invalid')
      else this.#admit(check, token, read)
    } catch (cause) {
      this.#refuse(check, token, 'token-keys-missing')
      this.#options.onTrouble(new Error('Cannot verify a token', { cause }))
    }
  }

  async #faultOf({ policy }: TokenCheck, token: string, jwt: ReadJwt): Promise<TokenFault | undefined> {
    const { header, claims } = jwt
    const issuer = policy.issuers.find((each) => each.issuer === claims.iss)
    const isTaken = policy.algorithms.some((alg) => alg === header.alg)
    if (issuer === undefined || !isTaken) return 'token-invalid'
    const keys = await this.#options.keys.keysOf(issuer, header)
    if (keys === undefined) return 'token-keys-missing'
    for (const key of await keys.keysFor(header)) {
      if (await isSignedBy(token, key, header.alg)) {
        // Only now: what is not signed by the issuer says nothing.
        return claimsFault(claims, policy, this.#options.clock.now())
      }
    }
    return 'token-invalid'
  }

  #admit(check: TokenCheck, token: string, { claims }: ReadJwt): void {
    const fields = claimFields(claims, check.policy.headers)
    const until = Math.min(endOf(claims, check.policy), this.#options.clock.now() + ADMITTED_MS)
    const bytes = HELD_BYTES + fields.reduce((sum, part) => sum + part.length, 0)
    this.#admitted.set(this.#keyOf(check, token), { verdict: { type: 'admitted', fields }, until }, bytes)
  }

  #refuse(check: TokenCheck, token: string, error: TokenFault): void {
    const key = this.#keyOf(check, token)
    // Of the two only one may be known.
    this.#admitted.delete(key)
    const forMs = error === 'token-keys-missing' ? UNKNOWN_MS : REFUSED_MS
    const until = this.#options.clock.now() + forMs
    this.#refused.set(key, { verdict: { type: 'refused', error }, until }, 1)
  }

  /** Not the token itself, which a copy of the memory would give away; and of one Service's check only. */
  #keyOf({ id }: TokenCheck, token: string): string {
    return this.#options.digest(`${id} ${token}`)
  }
}

/** RFC 7515 §5.2, by jose: also that no header is critical which nobody knows. */
async function isSignedBy(token: string, key: CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}
