import * as v from 'valibot'
import type { Timers } from '../../model/clock.ts'
import { printable } from '../../model/printable.ts'
import { textOf } from '../http/body.ts'
import type { Fetch } from '../http/client.ts'
import { failureOf } from '../http/failure.ts'
import { Silence } from '../http/silence.ts'
import { RegistryError } from '../port.ts'
import { isToken, TOKEN_RULE } from '../token.ts'

export interface RedisRestClientOptions {
  readonly url: string
  readonly token: string | undefined
  readonly fetch: Fetch
  readonly timers: Timers
  /** How long the server may say nothing. */
  readonly silenceMs?: number
  /** Bytes of an answer, decompressed. */
  readonly maxAnswerBytes?: number
}

export type Command = readonly (string | number)[]

const SILENCE_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

const replySchema = v.union([v.object({ result: v.unknown() }), v.object({ error: v.string() })])
const errorSchema = v.object({ error: v.string() })

/** Sends commands to a Redis by REST: a POST of one, or of several at once. */
export class RedisRestClient {
  readonly #options: RedisRestClientOptions
  readonly #base: string

  constructor(options: RedisRestClientOptions) {
    if (options.token !== undefined && !isToken(options.token)) {
      throw new RegistryError('invalid', `Cannot use the token of ${options.url}: ${TOKEN_RULE}`)
    }
    this.#options = options
    this.#base = options.url.replace(/\/+$/, '')
  }

  /** @throws RegistryError saying what was being done */
  async ask(action: string, signal: AbortSignal, command: Command): Promise<unknown> {
    return this.#result(action, await this.#post(action, '/', command, signal))
  }

  /** One answer a command, in order; what others write may come in between. @throws RegistryError */
  async askAll(action: string, signal: AbortSignal, commands: readonly Command[]): Promise<unknown[]> {
    const answers = await this.#post(action, '/pipeline', commands, signal)
    const replies = this.read(v.array(v.unknown()), action, answers)
    if (replies.length !== commands.length) {
      throw invalid(action, `${replies.length} answers to ${commands.length} commands`)
    }
    return replies.map((reply) => this.#result(action, reply))
  }

  /** Reads a result of a known shape. @throws RegistryError */
  read<T>(schema: v.GenericSchema<unknown, T>, action: string, result: unknown): T {
    const parsed = v.safeParse(schema, result)
    if (parsed.success) return parsed.output
    throw invalid(action, `Redis answered ${JSON.stringify(result)?.slice(0, 80)}`)
  }

  #result(action: string, reply: unknown): unknown {
    const answer = this.read(replySchema, action, reply)
    if ('error' in answer) throw refused(action, answer.error)
    return answer.result
  }

  async #post(action: string, path: string, body: unknown, caller: AbortSignal): Promise<unknown> {
    const { timers, silenceMs = SILENCE_MS, maxAnswerBytes = MAX_ANSWER_BYTES } = this.#options
    const silence = new Silence(silenceMs, timers, caller)
    try {
      const response = await this.#fetch(path, body, silence.signal)
      const text = response.body === null ? '' : await textOf(response.body, maxAnswerBytes)
      if (response.status === 401 || response.status === 403) {
        throw new RegistryError(
          'unreachable',
          `Cannot ${action}: status ${response.status}: the token is wrong`,
        )
      }
      const answer = parseJson(text)
      const error = v.safeParse(errorSchema, answer)
      if (response.status !== 200) {
        throw refused(action, error.success ? error.output.error : `status ${response.status}`)
      }
      if (answer === undefined) throw invalid(action, `not JSON: ${printable(text)}`)
      return answer
    } catch (error) {
      throw failureOf(action, silence.reason ?? error)
    } finally {
      silence.end()
    }
  }

  #fetch(path: string, body: unknown, signal: AbortSignal): Promise<Response> {
    const { token, fetch } = this.#options
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const headers = { 'content-type': 'application/json', ...authorization }
    return fetch(this.#base + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
      redirect: 'manual',
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Only what Redis holds can be `invalid`; everything else may pass. */
function refused(action: string, said: string): RegistryError {
  const code = said.includes('WRONGTYPE') ? 'invalid' : 'unreachable'
  return new RegistryError(code, `Cannot ${action}: ${printable(said, 200)}`)
}

function invalid(action: string, what: string): RegistryError {
  return new RegistryError('invalid', `Cannot ${action}: ${what}`)
}
