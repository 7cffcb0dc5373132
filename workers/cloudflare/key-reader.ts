import { addressOf, keyUrl } from '../../src/gateway/tokens/key-reach.ts'
import { MAX_DOCUMENT, type ReadDocument } from '../../src/gateway/tokens/key-sets.ts'
import { textOf } from '../../src/registry/http/body.ts'
import type { Fetch } from '../../src/registry/http/client.ts'
import type { WorkerConfig } from './config.ts'

/**
 * Reads documents with the platform's fetch, which resolves names itself and leads to the public internet only. Where bare
 * addresses are reached that does not hold: there, no name is asked.
 */
export function keyReader({ PODS, JWKS_CIDRS, JWKS_HTTP }: WorkerConfig, fetch: Fetch): ReadDocument {
  const reach = {
    allowedCidrs: JWKS_CIDRS,
    deniedCidrs: [],
    isNode: () => false,
    allowsHttp: JWKS_HTTP === 'on',
  }
  return async (text, signal) => {
    const url = keyUrl(text, reach)
    if (PODS === 'direct' && addressOf(url) === undefined)
      throw new Error(`${url.hostname} may lead anywhere here`)
    const headers = { accept: 'application/json' }
    const response = await fetch(url.href, { redirect: 'manual', headers, signal })
    if (response.status === 200 && response.body !== null) return await textOf(response.body, MAX_DOCUMENT)
    await response.body?.cancel()
    throw new Error(`${text} answers ${response.status}`)
  }
}
