import { isInCidr, type ParsedAddress, parseIp, translatedIpv4, undialledRange } from '../../model/address.ts'
import type { ExternalReach } from '../external-reach.ts'

/** Where key sets may be read. */
export interface KeyReach extends ExternalReach {
  /** Also without TLS, where whoever stands between could hand out keys of his own. */
  readonly allowsHttp: boolean
}

/**
 * Whoever may write a Service says where its keys are: the gateway must not ask what he cannot. As for ExternalName, but that
 * the operator's blocks may hold loopback: what is read there goes to nobody.
 *
 * @returns why an address is not asked; undefined when it may be
 */
export function keyAddressRefusal(address: ParsedAddress, reach: KeyReach): string | undefined {
  const range = address.range()
  const isMeant = range === 'unicast' || reach.allowedCidrs.some((cidr) => isInCidr(address, cidr))
  const undialled = undialledRange(address)
  if (!isMeant || (undialled !== undefined && undialled !== 'loopback'))
    return `is not public (${undialled ?? range})`
  if (reach.deniedCidrs.some((cidr) => isInCidr(address, cidr))) return 'is in --deny-external-cidrs'
  if (reach.isNode(address.toString())) return 'is the address of a Node'
  const behind = translatedIpv4(address)
  const refusal = behind && keyAddressRefusal(behind, reach)
  return refusal && `leads to ${behind}, which ${refusal}`
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
