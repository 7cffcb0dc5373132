import type { Client, CryptoInterface } from 'acme-client'
import { Agent, request } from 'undici'
import * as v from 'valibot'
import type { Clock } from '../../model/clock.ts'
import { AcmeRefusal } from './refusal.ts'
import { retryAfterMs } from './retry-after.ts'

/** Answers are small; certificates with their chains some kilobytes. */
const MAX_ANSWER_BYTES = 1024 * 1024
const ANSWER_MS = 30_000
const BAD_NONCE = 'urn:ietf:params:acme:error:badNonce'

/** RFC 7807, as RFC 8555 §6.7 uses it. */
const problemSchema = v.object({ type: v.optional(v.string(), ''), detail: v.optional(v.string(), '') })

export interface AuthorityOptions {
  readonly directory: string
  /** PEM: whom to trust besides; undefined: whom Node trusts. */
  readonly ca: string | undefined
  readonly clock: Pick<Clock, 'now'>
}

/** A certificate authority that speaks ACME. */
export interface Authority {
  readonly directory: string
  /** @param accountUrl undefined where the account has not been registered yet */
  client(accountKey: string, accountUrl: string | undefined): Client
  readonly crypto: CryptoInterface
}

/**
 * Loads the library, of which only an agent that orders certificates has any use. Its requests go by our adapter: its own
 * tries again by itself, on the global clock, and forgets what Retry-After said.
 */
export async function openAuthority({ directory, ca, clock }: AuthorityOptions): Promise<Authority> {
  const { default: acme } = await import('acme-client')
  const limits = { headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS, maxResponseSize: MAX_ANSWER_BYTES }
  const dispatcher = new Agent({
    ...limits,
    connect: { timeout: ANSWER_MS, ...(ca !== undefined && { ca }) },
  })
  acme.axios.defaults.adapter = async (config) => {
    const url = config.url ?? ''
    const method = config.method === 'post' ? 'POST' : config.method === 'head' ? 'HEAD' : 'GET'
    const body = typeof config.data === 'string' ? config.data : null
    const headers = Object.fromEntries(
      Object.entries(config.headers.toJSON()).map(([name, value]) => [name, `${value}`]),
    )
    const answer = await request(url, { dispatcher, method, headers, body })
    const data = await answer.body.text()
    const [after] = [answer.headers['retry-after']].flat()
    const waitMs = retryAfterMs(after, clock.now())
    if (answer.statusCode >= 400) refuse(`${method} ${url}`, answer.statusCode, data, waitMs)
    const told = Object.fromEntries(
      Object.entries(answer.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
    return { data, status: answer.statusCode, statusText: '', headers: told, config }
  }
  return {
    directory,
    client: (accountKey, accountUrl) =>
      new acme.Client({
        directoryUrl: directory,
        accountKey,
        ...(accountUrl !== undefined && { accountUrl }),
      }),
    crypto: acme.crypto,
  }
}

/** A nonce that was not taken is the library's to replace: everything else is an end. */
function refuse(doing: string, status: number, text: string, waitMs: number): void {
  const { type, detail } = readProblem(text)
  if (type === BAD_NONCE) return
  throw new AcmeRefusal(doing, detail === '' ? `status ${status}` : `${detail} (${type})`, {
    retryAfterMs: waitMs,
    // Limits (429) are mostly those of a name or a set of names: what one Service has used up is no reason to stop others.
    isForAll: status === 503,
    // An order that it does not know any more has expired (RFC 8555 §7.1.6).
    isFinal: status === 404 || status === 403,
  })
}

function readProblem(text: string): v.InferOutput<typeof problemSchema> {
  try {
    const parsed = v.safeParse(problemSchema, JSON.parse(text))
    if (parsed.success) return parsed.output
  } catch {
    // Not from an authority in its right mind: its status says enough.
  }
  return { type: '', detail: '' }
}
