import { type ParsedAddress, parseIp } from '../../model/address.ts'
import { type ExternalReach, externalRefusal } from '../external-reach.ts'

/** Where key sets may be read. */
export interface KeyReach extends ExternalReach {
  /** Also without TLS, where whoever stands between could hand out keys of his own. */
  readonly allowsHttp: boolean
}

/**
 * Whoever may write a Service says where its keys are: the gateway must not ask what he cannot.
 *
 * @returns why an address is not asked; undefined when it may be
 */
export function keyAddressRefusal(address: ParsedAddress, reach: KeyReach): string | undefined {
  return externalRefusal(address, reach, true)
}

/** @throws Error saying why a URL is not asked. Where its name leads is for whoever resolves it to check. */
export function keyUrl(text: string, reach: KeyReach): URL {
  const url = URL.parse(text)
  if (url === null) throw new Error('it is no URL')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && reach.allowsHttp))
    throw new Error('it is not https')
  if (url.username !== '' || url.password !== '') throw new Error('it holds a password')
  const address = addressOf(url)
  const refusal = address && keyAddressRefusal(address, reach)
  if (refusal !== undefined) throw new Error(`${url.hostname} ${refusal}`)
  return url
}

/** Where its host is an address, however it was written: the URL parser has read `0x7f.1` by now. */
export function addressOf({ hostname }: URL): ParsedAddress | undefined {
  return parseIp(hostname.replace(/^\[(.*)\]$/, '$1'))
}
