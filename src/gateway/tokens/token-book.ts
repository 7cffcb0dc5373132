import type { Clock } from '../../model/clock.ts'
import type { Issuer } from '../../model/jwt-policy.ts'
import { claimsFault, endOf } from '../../policy/jwt/check-claims.ts'
import { claimFields } from '../../policy/jwt/claim-fields.ts'
import { type JwtHeader, type ReadJwt, readJwt } from '../../policy/jwt/read-jwt.ts'
import type { Digest } from '../../registry/digest.ts'
import type { CredentialBook } from '../access/credential-book.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Turns } from '../turns.ts'
import type { KeySet } from './key-set.ts'
import type { KeySets } from './key-sets.ts'
import { isSignedByOneOf } from './signature.ts'
import type { TokenFault, TokenQuestion, TokenVerdict } from './token-check.ts'
import { subjectOf } from './token-subject.ts'

export interface TokenBookOptions {
  readonly keys: KeySets
  /** Key sets that come as Secrets. */
  readonly credentials: CredentialBook
  /** A signature costs as much as dozens of requests. */
  readonly turns: Turns
  readonly clock: Pick<Clock, 'now'>
  readonly digest: Digest
  /** A fault of ours. */
  readonly onTrouble: (error: Error) => void
}

/** Finds out whether tokens are good, for the road to read. */
export interface TokenVerifier {
  /**
   * Resolves once a token has a verdict. Never rejects.
   * @param client who waits for himself when he brings many
   * @returns `checks-busy` when there is none for want of a turn
   */
  verify(question: TokenQuestion, client: string): Promise<'checks-busy' | undefined>
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
  verdict(question: TokenQuestion): TokenVerdict | undefined {
    const key = this.#keyOf(question)
    const held = this.#admitted.peek(key) ?? this.#refused.peek(key)
    return held !== undefined && this.#options.clock.now() < held.until ? held.verdict : undefined
  }

  async verify(question: TokenQuestion, client: string): Promise<'checks-busy' | undefined> {
    try {
      const read = readJwt(question.token)
      const fault = read === undefined ? 'token-invalid' : await this.#faultOf(question, read, client)
      if (fault === 'checks-busy') return fault
      if (read === undefined || fault !== undefined) this.#refuse(question, fault ?? 'token-invalid')
      else this.#admit(question, read)
    } catch (cause) {
      this.#refuse(question, 'token-keys-missing')
      this.#options.onTrouble(new Error('Cannot verify a token', { cause }))
    }
    return undefined
  }

  async #faultOf(
    question: TokenQuestion,
    jwt: ReadJwt,
    client: string,
  ): Promise<TokenFault | 'checks-busy' | undefined> {
    const { policy } = question.check
    const { header, claims } = jwt
    const issuer = policy.issuers.find((each) => each.issuer === claims.iss)
    const isTaken = policy.algorithms.some((alg) => alg === header.alg)
    if (issuer === undefined || !isTaken) return 'token-invalid'
    const keys = await this.#keysOf(issuer, question, header)
    if (keys === undefined) return 'token-keys-missing'
    // Whoever names a key that is not there costs nobody a turn.
    if (!keys.knows(header)) return 'token-invalid'
    const isSigned = await this.#options.turns.run(client, () =>
      isSignedByOneOf(question.token, header, keys),
    )
    if (isSigned === 'busy') return 'checks-busy'
    // Only now: what is not signed by the issuer says nothing.
    return isSigned ? claimsFault(claims, policy, this.#options.clock.now()) : 'token-invalid'
  }

  async #keysOf(
    issuer: Issuer,
    { credentials }: TokenQuestion,
    header: JwtHeader,
  ): Promise<KeySet | undefined> {
    if (issuer.jwksCredential === undefined) return await this.#options.keys.keysOf(issuer, header)
    const credential = credentials.find(({ key }) => key === issuer.jwksCredential)
    const opened = credential && (await this.#options.credentials.open(credential))
    return opened?.type === 'jwks' ? opened.keys : undefined
  }

  #admit(question: TokenQuestion, { claims }: ReadJwt): void {
    const { policy, rateClaim } = question.check
    const fields = claimFields(claims, policy.headers)
    const subject = rateClaim === undefined ? undefined : subjectOf(claims, rateClaim)
    const until = Math.min(endOf(claims, policy), this.#options.clock.now() + ADMITTED_MS)
    const bytes = HELD_BYTES + fields.reduce((sum, part) => sum + part.length, subject?.length ?? 0)
    this.#admitted.set(
      this.#keyOf(question),
      { verdict: { type: 'admitted', fields, subject }, until },
      bytes,
    )
  }

  #refuse(question: TokenQuestion, error: TokenFault): void {
    const key = this.#keyOf(question)
    // Of the two only one may be known.
    this.#admitted.delete(key)
    const forMs = error === 'token-keys-missing' ? UNKNOWN_MS : REFUSED_MS
    const until = this.#options.clock.now() + forMs
    this.#refused.set(key, { verdict: { type: 'refused', error }, until }, 1)
  }

  /** Not the token itself, which a copy of the memory would give away; and of one Service's check only, with its keys of now. */
  #keyOf({ check, token, credentials }: TokenQuestion): string {
    if (credentials.length === 0) return this.#options.digest(`${check.id} ${token}`)
    const versions = credentials.map((credential) => this.#options.credentials.versionOf(credential))
    return this.#options.digest(`${check.id} ${versions.join(' ')} ${token}`)
  }
}
