import ipaddr from 'ipaddr.js'
import { type Cidr, parseCidr } from '../model/address.ts'
import { normaliseHost } from '../model/host.ts'
import type { ValueParse } from './values.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export function parseAddress(text: string): ValueParse<Address> {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65535)
    return { ok: false, reason: 'not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080' }
  const host = match[1] ?? (match[2] || '0.0.0.0')
  return ipaddr.isValid(host) || normaliseHost(host) !== undefined
    ? { ok: true, value: { host, port } }
    : { ok: false, reason: `"${host}" is neither an address nor a hostname` }
}

/** `192.0.2.53:53` or `[2001:db8::53]:53`. */
export function parseIpPort(text: string): ValueParse<string> {
  const address = parseAddress(text)
  return address.ok && ipaddr.isValid(address.value.host)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not an IP address with a port, such as 192.0.2.53:53' }
}

export function parseCidrs(text: string): ValueParse<readonly Cidr[]> {
  const cidrs: Cidr[] = []
  for (const part of text.split(',').map((entry) => entry.trim())) {
    if (part === '') continue
    const cidr = parseCidr(part) ?? parseCidr(`${part}/${part.includes(':') ? 128 : 32}`)
    if (cidr === undefined) return { ok: false, reason: `"${part}" is neither an address nor a CIDR` }
    cidrs.push(cidr)
  }
  return { ok: true, value: cidrs }
}

const families = ['IPv4', 'IPv6'] as const

export function parseFamilies(text: string): ValueParse<readonly (typeof families)[number][]> {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const value = families.filter((family) => names.includes(family.toLowerCase()))
  return value.length === names.length
    ? { ok: true, value }
    : { ok: false, reason: 'not IPv4, IPv6, or both with a comma between' }
}
