import ipaddr from 'ipaddr.js'
import type { Cidr } from '../model/address.ts'
import { parseDuration } from '../model/duration.ts'
import { normaliseHost } from '../model/host.ts'

/** A value read off the command line, or why it cannot be. */
export type ValueParse<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string }

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

export function parseDomain(text: string): ValueParse<string> {
  const value = normaliseHost(text)
  return value === undefined ? { ok: false, reason: 'not a domain name' } : { ok: true, value }
}

export function parseName(text: string): ValueParse<string> {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not a DNS label: lower-case letters, digits and "-", at most 63' }
}

export function parseCidrs(text: string): ValueParse<readonly Cidr[]> {
  const cidrs: Cidr[] = []
  for (const part of text.split(',').map((entry) => entry.trim())) {
    if (part === '') continue
    if (ipaddr.isValidCIDR(part)) cidrs.push(ipaddr.parseCIDR(part))
    else if (ipaddr.isValid(part) && (part.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(part))) {
      const address = ipaddr.parse(part)
      cidrs.push([address, address.kind() === 'ipv4' ? 32 : 128])
    } else return { ok: false, reason: `"${part}" is neither an address nor a CIDR` }
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

/** A name such as `postern.dev/gateway` (the API's label-style identifiers). */
export function parseLabelName(text: string): ValueParse<string> {
  return /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not a name such as example.com/gateway' }
}

/** `NAMESPACE/LABEL=VALUE,…`: Pods, as a NetworkPolicy names them. */
export function parsePodSelector(
  text: string,
): ValueParse<{ readonly namespace: string; readonly labels: Readonly<Record<string, string>> }> {
  const slash = text.indexOf('/')
  const namespace = parseName(text.slice(0, slash))
  const pairs = text
    .slice(slash + 1)
    .split(',')
    .map((pair) => pair.trim().split('='))
  const isReadable = pairs.every(
    ([name = '', value, ...rest]) =>
      parseLabelName(name).ok && rest.length === 0 && /^([-A-Za-z0-9_.]{0,63})$/.test(value ?? ' '),
  )
  return slash > 0 && namespace.ok && isReadable
    ? {
        ok: true,
        value: {
          namespace: namespace.value,
          labels: Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value])),
        },
      }
    : { ok: false, reason: 'not NAMESPACE/LABEL=VALUE,…' }
}

export function parseMillis(text: string): ValueParse<number> {
  const value = parseDuration(text)
  return value === undefined
    ? { ok: false, reason: 'not a duration such as 500ms, 30s or 1m30s' }
    : { ok: true, value }
}

export function parseRatio(text: string): ValueParse<number> {
  const value = Number(text)
  return /^\d*\.?\d+$/.test(text) && value <= 1
    ? { ok: true, value }
    : { ok: false, reason: 'not a number from 0 to 1' }
}

export function parseHttpUrl(text: string): ValueParse<string> {
  const url = URL.parse(text)
  return url?.protocol === 'http:' || url?.protocol === 'https:'
    ? { ok: true, value: text }
    : { ok: false, reason: 'not an http:// or https:// URL' }
}

export function parseText(text: string): ValueParse<string> {
  return text === '' ? { ok: false, reason: 'is empty' } : { ok: true, value: text }
}

export function parseNetworkPolicy(text: string): ValueParse<'enforce' | 'off'> {
  return text === 'enforce' || text === 'off'
    ? { ok: true, value: text }
    : { ok: false, reason: 'neither enforce nor off' }
}

export function parseRedisUrl(text: string): ValueParse<string> {
  const url = URL.parse(text)
  const isRedis = url?.protocol === 'redis:' || url?.protocol === 'rediss:'
  return isRedis && url.hostname !== ''
    ? { ok: true, value: text }
    : { ok: false, reason: 'not a redis:// or rediss:// URL' }
}
