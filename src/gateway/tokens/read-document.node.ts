import { Agent, request } from 'undici'
import { checkedLookup } from '../checked-lookup.node.ts'
import type { Answer } from '../external-names.ts'
import { type KeyReach, keyUrl } from './key-reach.ts'
import { MAX_DOCUMENT, type ReadDocument } from './key-sets.ts'

/**
 * Reads documents over connections to addresses that were checked, so that a name which answers differently the second time
 * gains nothing. Redirects are not followed: they would lead anywhere.
 */
export function documentReader(reach: KeyReach, resolve: (name: string) => Promise<Answer>): ReadDocument {
  const agent = new Agent({
    connect: { lookup: checkedLookup(reach, resolve) },
    maxResponseSize: MAX_DOCUMENT,
    keepAliveTimeout: 1_000,
  })
  return async (text, signal) => {
    const url = keyUrl(text, reach)
    const headers = { accept: 'application/json' }
    const { statusCode, body } = await request(url, { dispatcher: agent, signal, headers })
    if (statusCode === 200) return await body.text()
    await body.dump()
    throw new Error(`${text} answers ${statusCode}`)
  }
}
