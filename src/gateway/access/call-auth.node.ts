import { Agent, type Dispatcher, request } from 'undici'
import { checkedLookup } from '../checked-lookup.node.ts'
import type { Answer } from '../external-names.ts'
import { type KeyReach, keyUrl } from '../tokens/key-reach.ts'
import { type CallAuth, MAX_ANSWER, MAX_ANSWER_FIELDS } from './auth-book.ts'

/** Of one auth server. */
const CONNECTIONS = 64
const NOTHING = new Uint8Array()

/** Asks over connections to addresses that were checked. Redirects are answers: they would lead anywhere. */
export function authCaller(reach: KeyReach, resolve: (name: string) => Promise<Answer>): CallAuth {
  const agent = new Agent({
    connect: { lookup: checkedLookup(reach, resolve) },
    connections: CONNECTIONS,
    maxHeaderSize: MAX_ANSWER_FIELDS,
    keepAliveTimeout: 4_000,
  })
  return async ({ url: text, fields }, signal) => {
    const url = keyUrl(text, reach)
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      signal,
      headers: [...fields],
    })
    const isPassedOn = statusCode === 401 || statusCode === 403
    if (!isPassedOn) await body.dump({ limit: MAX_ANSWER, signal })
    return {
      status: statusCode,
      fields: fieldsOf(headers),
      body: isPassedOn ? await beginningOf(body) : NOTHING,
    }
  }
}

async function beginningOf(body: AsyncIterable<unknown>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue
    chunks.push(chunk)
    length += chunk.length
    // Leaving the loop ends the connection.
    if (length >= MAX_ANSWER) break
  }
  return new Uint8Array(Buffer.concat(chunks).subarray(0, MAX_ANSWER))
}

function fieldsOf(headers: Dispatcher.ResponseData['headers']): string[] {
  return Object.entries(headers).flatMap(([name, value = []]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one) => [name, one]),
  )
}
