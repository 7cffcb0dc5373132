import * as v from 'valibot'
import { printable } from '../../model/printable.ts'
import type { Head, HeadReader } from '../head.ts'
import { RegistryError } from '../port.ts'
import { isToken, TOKEN_RULE } from '../token.ts'
import { textOf } from './body.ts'
import { failureOf } from './failure.ts'
import { decodeHeadField, HEAD_FIELD } from './wire.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface RelayClientOptions {
  /** Where the relay is: `https://relay.example.com`, with a path if it lies below one. */
  readonly url: string
  /** Undefined for a relay on loopback that asks for none. */
  readonly token: string | undefined
  readonly cluster: string
  /** Whose heads are taken: a relay has none of its own. */
  readonly heads: HeadReader
  readonly fetch: Fetch
}

/** How much of what a relay says of a failure is repeated. */
const MAX_REASON = 200
const MAX_REASON_BYTES = 4096

const reasonSchema = v.object({ error: v.string() })

/** Asks one relay, and says what went wrong in one way. Keeps nothing between requests. */
export class RelayClient {
  readonly #options: RelayClientOptions
  readonly #base: string

  constructor(options: RelayClientOptions) {
    // Told here: what `fetch` says of a field that it refuses repeats the field.
    if (options.token !== undefined && !isToken(options.token)) {
      throw new RegistryError('invalid', `Cannot use the token of ${options.url}: ${TOKEN_RULE}`)
    }
    this.#options = options
    this.#base = options.url.endsWith('/') ? options.url : `${options.url}/`
  }

  /**
   * @returns an answer of status 200 with a body of the type, or of status 304
   * @throws RegistryError
   */
  async get(
    path: string,
    type: string,
    signal: AbortSignal,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const response = await this.reading(path, () => this.#fetch(path, type, signal, fields))
    const isAnswer = response.status === 304 ? 'if-none-match' in fields : response.status === 200
    if (!isAnswer) throw this.error(path, 'unreachable', await explain(response, this.#options.token))
    const sent = response.headers.get('content-type') ?? 'none'
    if (response.status === 200 && sent.split(';')[0]?.trim().toLowerCase() !== type) {
      await response.body?.cancel()
      throw this.error(path, 'invalid', `the answer is ${quote(sent, this.#options.token)}, not ${type}`)
    }
    return response
  }

  /** The head that came with an answer. @throws RegistryError */
  headOf(response: Response, path: string): Promise<Head> {
    const text = decodeHeadField(response.headers.get(HEAD_FIELD))
    return this.readHead(text, `${HEAD_FIELD} of ${this.#base}${path}`)
  }

  /** Reads a head as a relay passes it on. @throws RegistryError */
  readHead(text: string | undefined, where: string): Promise<Head> {
    const { heads, cluster } = this.#options
    return heads.read(text, cluster, where)
  }

  /** Parses JSON of a known shape. @throws RegistryError */
  parse<T>(path: string, schema: v.GenericSchema<unknown, T>, text: string): T {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      throw this.error(path, 'invalid', `not JSON: ${quote(text, this.#options.token)}`)
    }
    // The first fault is told: of an answer of millions the others would not fit into memory.
    const parsed = v.safeParse(schema, json, { abortEarly: true })
    if (parsed.success) return parsed.output
    const issue = parsed.issues[0]
    throw this.error(
      path,
      'invalid',
      `field ${v.getDotPath(issue) ?? '(root)'}: ${quote(issue.message, this.#options.token, MAX_REASON)}`,
    )
  }

  /** Runs a part of a read; whatever it throws becomes an error that names the read. @throws RegistryError */
  async reading<T>(path: string, part: () => Promise<T>): Promise<T> {
    try {
      return await part()
    } catch (error) {
      throw this.failure(path, error)
    }
  }

  failure(path: string, error: unknown): RegistryError {
    return failureOf(`read ${this.#base}${path}`, error)
  }

  error(path: string, code: RegistryError['code'], what: string): RegistryError {
    return new RegistryError(code, `Cannot read ${this.#base}${path}: ${what}`)
  }

  #fetch(
    path: string,
    type: string,
    signal: AbortSignal,
    fields: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { token, fetch } = this.#options
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    // Where a redirect leads nobody has said that the token may go.
    return fetch(this.#base + path, {
      headers: { accept: type, ...authorization, ...fields },
      signal,
      redirect: 'manual',
    })
  }
}

/** Foreign text for a message. What answers may be no relay, and repeat what it was asked: cut only without the token. */
function quote(text: string, token: string | undefined, maxLength?: number): string {
  return printable(token === undefined ? text : text.replaceAll(token, '(the token)'), maxLength)
}

async function explain(response: Response, token: string | undefined): Promise<string> {
  const status = `status ${response.status}`
  if (response.status === 401) {
    await response.body?.cancel()
    return `${status}: ${token === undefined ? 'it asks for a token' : 'the token is wrong'}`
  }
  try {
    const text = response.body === null ? '' : await textOf(response.body, MAX_REASON_BYTES)
    const { error } = v.parse(reasonSchema, JSON.parse(text))
    return `${status}: ${quote(error, token, MAX_REASON)}`
  } catch {
    return status
  }
}
