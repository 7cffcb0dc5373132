import type { LookupFunction } from 'node:net'
import { parseIp } from '../model/address.ts'
import { asError } from '../model/as-error.ts'
import type { Answer } from './external-names.ts'
import { type KeyReach, keyAddressRefusal } from './tokens/key-reach.ts'

/**
 * For `net.connect`, which asks for one address or for all: only those that may be asked, so that a name which answers
 * differently the second time gains nothing.
 */
export function checkedLookup(reach: KeyReach, resolve: (name: string) => Promise<Answer>): LookupFunction {
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
