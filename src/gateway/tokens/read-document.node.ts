import type { LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import { parseIp } from '../../model/address.ts'
import { asError } from '../../model/as-error.ts'
import type { Answer } from '../external-names.ts'
import { type KeyReach, keyAddressRefusal, keyUrl } from './key-reach.ts'
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

/** For `net.connect`, which asks for one address or for all. */
function checkedLookup(reach: KeyReach, resolve: (name: string) => Promise<Answer>): LookupFunction {
  return (name, options, done) => {
    resolve(name).then(
      ({ addresses }) => {
        const found = addresses.flatMap((text) => checked(text, reach))
        const [first] = found
        if (first === undefined)
          done(new Error(`no address of ${name} may be asked: ${addresses.join(', ')}`), '', 0)
        else if (options.all) done(null, found)
        else done(null, first.address, first.family)
      },
      (cause: unknown) => done(asError(cause), '', 0),
    )
  }
}

function checked(text: string, reach: KeyReach): { readonly address: string; readonly family: number }[] {
  const address = parseIp(text)
  if (address === undefined || keyAddressRefusal(address, reach) !== undefined) return []
  return [{ address: address.toString(), family: address.kind() === 'ipv4' ? 4 : 6 }]
}
