import { carriedIpv4, isInAny, normaliseIp, parseIp, undialledRange } from '../model/address.ts'
import type { SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import { isPodFinished, type Pod, podAddresses } from '../model/objects/pod.ts'
import type { AddressBook } from './address-book.ts'
import type { CompileOptions } from './output.ts'

/**
 * Nobody is lent our reach: whoever may write an EndpointSlice could otherwise have the gateway dial any address that
 * it can reach (CVE-2021-25740, CVE-2020-8554). An endpoint is dialled when it is a Pod of the Service's namespace that
 * has been seen, or when the operator allows its address and nobody in the cluster holds it.
 *
 * @param pod the Pod of the slice's namespace that `targetRef` names, when it has been seen
 * @returns why the endpoint is refused; undefined when it may be dialled
 */
export function refusalOf(
  endpoint: SliceEndpoint,
  namespace: string,
  pod: Pod | undefined,
  book: AddressBook,
  options: CompileOptions,
): string | undefined {
  const [text = ''] = endpoint.addresses
  const address = parseIp(text)
  if (address === undefined) return `"${text}" is no IP address`
  const range = undialledRange(address)
  const isAllowedLoopback = range === 'loopback' && isInAny(address, options.loopbackCidrs)
  if (range !== undefined && !isAllowedLoopback) return `${text} is not an address for endpoints (${range})`
  const { targetRef } = endpoint
  if (targetRef?.kind === 'Pod') return podRefusal(targetRef, namespace, address.toString(), pod)
  for (const behind of carriedIpv4(address)) {
    const holder = undialledRange(behind) ?? book.holderOf(behind.toString())
    if (holder !== undefined)
      return `${text} leads to ${behind}, which is no address for endpoints (${holder})`
  }
  const holder = book.holderOf(address.toString())
  if (holder !== undefined) return `${text} belongs to ${holder}, but the endpoint names no Pod`
  if (isAllowedLoopback || isInAny(address, options.endpointCidrs)) return undefined
  return `${text} is no Pod's, and not in --allow-endpoint-cidrs`
}

/** Why an endpoint is not its Pod's, at this address; undefined when it is. */
export function podRefusal(
  target: NonNullable<SliceEndpoint['targetRef']>,
  namespace: string,
  address: string,
  pod: Pod | undefined,
): string | undefined {
  if (target.namespace !== '' && target.namespace !== namespace) {
    return `its Pod ${target.name} is in another namespace, ${target.namespace}`
  }
  if (pod === undefined) return `its Pod ${target.name} has not been seen`
  if (pod.meta.uid !== target.uid) return `its Pod ${target.name} has another UID`
  if (isPodFinished(pod)) return `its Pod ${target.name} has ended, and its address may be another's`
  const isItsOwn = podAddresses(pod).some((own) => normaliseIp(own) === address)
  return isItsOwn ? undefined : `${address} is no address of its Pod ${target.name}`
}
