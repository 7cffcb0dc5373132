import { CompactSign, type CryptoKey, compactVerify, importJWK } from 'jose'
import { encodeCanonical } from '../model/canonical.ts'
import { printable } from '../model/printable.ts'
import {
  type Head,
  type HeadReader,
  type HeadWriter,
  parseStatement,
  refuseHead,
  requireCluster,
  type Statement,
  trust,
} from './head.ts'
import {
  decodeText,
  type Envelope,
  HEAD_TYPE,
  openEnvelope,
  SIGNING_ALGORITHM,
  SIGNING_ALGORITHMS,
} from './jws.ts'
import type { PrivateKey, PublicKey } from './keys/key.ts'

/** Heads that were verified and may come again: a load reads one before and after, a poll until there is another. */
const MAX_KNOWN = 16
const MAX_TEXT = 8192
const HEADER_FIELDS: readonly string[] = ['alg', 'kid', 'typ']

/** Signs what an agent states (JWS, compact): the bytes that are signed are the ones that are published. */
export class HeadSigner implements HeadWriter {
  readonly #key: PrivateKey

  constructor(key: PrivateKey) {
    this.#key = key
  }

  async write(statement: Statement): Promise<Head> {
    const { id, jwk } = this.#key
    const key = await importKey(jwk)
    const text = await new CompactSign(new TextEncoder().encode(encodeCanonical(statement)))
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: id, typ: HEAD_TYPE })
      .sign(key)
    return trust(statement, text)
  }
}

/** Reads heads that one of the trusted keys has signed, and no others. Holds plain data only between calls. */
export class SignedHeads implements HeadReader {
  readonly #keys: ReadonlyMap<string, PublicKey>
  readonly #imported = new Map<string, CryptoKey>()
  readonly #known = new Map<string, Head>()

  /** @param keys several while one is being changed */
  constructor(keys: readonly PublicKey[]) {
    this.#keys = new Map(keys.map((key) => [key.id, key]))
  }

  async read(text: string | undefined, cluster: string, where: string): Promise<Head> {
    const head = await this.#verified(text, cluster, where)
    requireCluster(head, cluster, where)
    return head
  }

  async #verified(text: string | undefined, cluster: string, where: string): Promise<Head> {
    const known = text === undefined ? undefined : this.#known.get(text)
    if (known !== undefined) return known
    const envelope = text === undefined || text.length > MAX_TEXT ? undefined : openEnvelope(text)
    if (text === undefined || envelope === undefined) throw refuseUnsigned(text, cluster, where)
    const claimed = parseStatement(envelope.payload)
    const refuse = (why: string) => refuseHead(cluster, where, why, claimed)
    const key = this.#keyOf(envelope, refuse)
    const payload = await verify(text, await this.#import(key))
    if (payload === undefined) throw refuse(`its signature is not that of key ${key.id}, which it names`)
    const statement = parseStatement(payload)
    if (statement === undefined) throw refuse('it is no head')
    return this.#keep(trust(statement, text))
  }

  #keyOf({ header }: Envelope, refuse: (why: string) => Error): PublicKey {
    const { alg, kid, typ } = header
    const foreign = Object.keys(header).find((name) => !HEADER_FIELDS.includes(name))
    // Also `crit`: what must be understood is not, and `b64` would have other bytes signed than are read.
    if (foreign !== undefined)
      throw refuse(`its signature has the field ${quote(foreign)}, which is not known here`)
    if (typeof alg !== 'string' || !SIGNING_ALGORITHMS.includes(alg))
      throw refuse(`its signature is of algorithm ${quote(alg)}, not ${SIGNING_ALGORITHM}`)
    if (typ !== HEAD_TYPE) throw refuse(`what is signed is of type ${quote(typ)}, not "${HEAD_TYPE}"`)
    const key = typeof kid === 'string' ? this.#keys.get(kid) : undefined
    if (key !== undefined) return key
    const trusted = [...this.#keys.keys()].join(', ')
    throw refuse(`it is signed by key ${quote(kid)}, which is not trusted here: ${trusted}`)
  }

  async #import({ id, jwk }: PublicKey): Promise<CryptoKey> {
    const key = this.#imported.get(id) ?? (await importKey(jwk))
    this.#imported.set(id, key)
    return key
  }

  #keep(head: Head): Head {
    const [oldest] = this.#known.size < MAX_KNOWN ? [] : this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(head.text, head)
    return head
  }
}

function refuseUnsigned(text: string | undefined, cluster: string, where: string): Error {
  const statement = text === undefined ? undefined : parseStatement(text)
  return refuseHead(cluster, where, statement === undefined ? 'it is no head' : 'it is not signed', statement)
}

/** @returns what was signed; undefined when the signature does not fit. */
async function verify(text: string, key: CryptoKey): Promise<string | undefined> {
  try {
    const { payload } = await compactVerify(text, key, { algorithms: [...SIGNING_ALGORITHMS] })
    return decodeText(payload)
  } catch {
    return undefined
  }
}

async function importKey(jwk: PublicKey['jwk']): Promise<CryptoKey> {
  const key = await importJWK({ ...jwk }, SIGNING_ALGORITHM)
  if (key instanceof Uint8Array) throw new Error('Cannot use the key: it is no key pair')
  return key
}

function quote(value: unknown): string {
  return value === undefined ? 'none' : `"${printable(String(value), 64)}"`
}
