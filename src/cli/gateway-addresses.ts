import { parseIp, undialledRange } from '../model/address.ts'
import { normaliseHost } from '../model/host.ts'
import type { LoadBalancerIngress } from '../model/objects/service.ts'
import type { ValueParse } from './values.ts'

/** More than any fleet of gateways has, and little beside the Service whose status holds them. */
const MAX_ADDRESSES = 16

/**
 * Where gateways are reached, with commas between: IP addresses, or hostnames without a port. Each becomes one entry
 * of `status.loadBalancer.ingress`; every fault is named.
 */
export function parseGatewayAddresses(text: string): ValueParse<readonly LoadBalancerIngress[]> {
  const value = new Map<string, LoadBalancerIngress>()
  const faults: string[] = []
  for (const part of text.split(',').map((entry) => entry.trim())) {
    if (part === '') continue
    const read = parseOne(part)
    if (read.ok) value.set(read.value.ip ?? read.value.hostname ?? '', read.value)
    else faults.push(`"${part}" ${read.reason}`)
  }
  if (value.size > MAX_ADDRESSES) faults.push(`there are ${value.size}, and at most ${MAX_ADDRESSES} may be`)
  return faults.length === 0
    ? { ok: true, value: [...value.values()] }
    : { ok: false, reason: faults.join('; ') }
}

function parseOne(text: string): ValueParse<LoadBalancerIngress> {
  const address = text.includes('%') ? undefined : parseIp(text)
  if (address !== undefined) {
    const range = undialledRange(address)
    if (range !== undefined)
      return { ok: false, reason: `is an address at which nobody is reached (${range})` }
    // The gateway ends the connection and makes another: without `Proxy` kube-proxy would take the address for the
    // Service's own, and lead clients in the cluster past the gateway (KEP-1860).
    return { ok: true, value: { ip: address.toString(), hostname: undefined, ipMode: 'Proxy' } }
  }
  const hostname = normaliseHost(text)
  return hostname !== undefined && isTakenByApi(hostname)
    ? { ok: true, value: { ip: undefined, hostname, ipMode: undefined } }
    : { ok: false, reason: 'is neither an IP address nor a hostname, such as 192.0.2.1 or edge.example.com' }
}

/** A DNS subdomain (RFC 1123); one that ends in a number is a mistyped address, and resolvers take it for one. */
function isTakenByApi(hostname: string): boolean {
  return !hostname.includes('_') && !/(^|\.)\d+$/.test(hostname)
}
