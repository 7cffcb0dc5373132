import { type CallAuth, MAX_ANSWER } from '../../src/gateway/access/auth-book.ts'
import { fieldsOf, headersFrom } from '../../src/gateway/fetch-head.ts'
import { addressOf, keyUrl } from '../../src/gateway/tokens/key-reach.ts'
import type { Fetch } from '../../src/registry/http/client.ts'
import type { WorkerConfig } from './config.ts'

/** Asks with the platform's fetch, which leads to the public internet only: as keyReader does. */
export function authCaller({ PODS, AUTH_CIDRS, AUTH_HTTP }: WorkerConfig, fetch: Fetch): CallAuth {
  const reach = {
    allowedCidrs: AUTH_CIDRS,
    deniedCidrs: [],
    isNode: () => false,
    allowsHttp: AUTH_HTTP === 'on',
  }
  return async ({ url: text, fields }, signal) => {
    const url = keyUrl(text, reach)
    if (PODS === 'direct' && addressOf(url) === undefined)
      throw new Error(`${url.hostname} may lead anywhere here`)
    const response = await fetch(url.href, { redirect: 'manual', headers: headersFrom(fields), signal })
    const { status } = response
    const isPassedOn = status === 401 || status === 403
    if (!isPassedOn) await response.body?.cancel()
    const body = isPassedOn && response.body !== null ? await beginningOf(response.body) : new Uint8Array()
    return { status, fields: fieldsOf(response.headers), body }
  }
}

async function beginningOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(MAX_ANSWER)
  let length = 0
  const reader = body.getReader()
  while (length < MAX_ANSWER) {
    const { value, done } = await reader.read()
    if (done) break
    const part = value.subarray(0, MAX_ANSWER - length)
    all.set(part, length)
    length += part.length
  }
  if (length === MAX_ANSWER) await reader.cancel()
  return all.slice(0, length)
}
