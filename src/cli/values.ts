import ipaddr from 'ipaddr.js'
import type { HostAllowance } from '../compile/allowed-hosts.ts'
import { type Cidr, parseCidr } from '../model/address.ts'
import { parseDuration } from '../model/duration.ts'
import { normaliseHost, normaliseHostPattern } from '../model/host.ts'
import { parseRedisAddress } from '../registry/redis/address.ts'
import { isToken, TOKEN_RULE } from '../registry/token.ts'

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

/** `192.0.2.53:53` or `[2001:db8::53]:53`. */
export function parseIpPort(text: string): ValueParse<string> {
  const address = parseAddress(text)
  return address.ok && ipaddr.isValid(address.value.host)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not an IP address with a port, such as 192.0.2.53:53' }
}

export function parseBoolean(text: string): ValueParse<boolean> {
  return text === 'true' || text === 'false'
    ? { ok: true, value: text === 'true' }
    : { ok: false, reason: 'neither true nor false' }
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

/** 0: off. A duration of nothing would be stale at once, which nobody means. */
export function parseMaxStale(text: string): ValueParse<number> {
  if (text === 'off') return { ok: true, value: 0 }
  const value = parseDuration(text)
  return value === undefined || value === 0
    ? { ok: false, reason: 'neither off nor a duration such as 30m or 1h' }
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

export function parseForwardedHeader(text: string): ValueParse<'x-forwarded-for' | 'forwarded'> {
  return text === 'x-forwarded-for' || text === 'forwarded'
    ? { ok: true, value: text }
    : { ok: false, reason: 'neither x-forwarded-for nor forwarded' }
}

export function parseHops(text: string): ValueParse<number> {
  return /^(?:0|[1-9]\d?)$/.test(text)
    ? { ok: true, value: Number(text) }
    : { ok: false, reason: 'not a whole number from 0 to 99' }
}

export function parseNetworkPolicy(text: string): ValueParse<'enforce' | 'report' | 'off'> {
  return text === 'enforce' || text === 'report' || text === 'off'
    ? { ok: true, value: text }
    : { ok: false, reason: 'none of enforce, report and off' }
}

export function parseHostClaims(text: string): ValueParse<'open' | 'strict'> {
  return text === 'open' || text === 'strict'
    ? { ok: true, value: text }
    : { ok: false, reason: 'neither open nor strict' }
}

/** `shop=shop.example.com,shop=*.shop.example.com,*=*.dev.example.com`: every fault is named. */
export function parseAllowHosts(text: string): ValueParse<readonly HostAllowance[]> {
  const value: HostAllowance[] = []
  const faults: string[] = []
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const [, namespace = '', pattern = ''] = /^([^=]*)=(.*)$/.exec(entry) ?? []
    const host = normaliseHostPattern(pattern.trim())
    if (namespace !== '*' && !parseName(namespace).ok) faults.push(`"${entry}" is not NAMESPACE=HOST`)
    else if (host === undefined) faults.push(`"${pattern}" is not a hostname`)
    else value.push({ namespace, host })
  }
  return faults.length === 0 ? { ok: true, value } : { ok: false, reason: faults.join('; ') }
}

export function parseRedisUrl(text: string): ValueParse<string> {
  const parsed = parseRedisAddress(text)
  return parsed.ok ? { ok: true, value: text } : parsed
}

/** Tokens as they were given, or the file they are in. */
export type Secret =
  | { readonly type: 'given'; readonly tokens: readonly string[] }
  | { readonly type: 'file'; readonly path: string }

/** Shorter ones can be guessed. */
const MIN_TOKEN = 16

/** `@FILE`, or tokens with commas between them. The reason never repeats one. */
export function parseSecret(text: string): ValueParse<Secret> {
  if (text.startsWith('@')) {
    const path = text.slice(1)
    return path === ''
      ? { ok: false, reason: '@ is not followed by a file' }
      : { ok: true, value: { type: 'file', path } }
  }
  const parsed = parseTokens(text)
  return parsed.ok ? { ok: true, value: { type: 'given', tokens: parsed.value } } : parsed
}

/** Tokens with commas or line ends between them, as in a file of them. */
export function parseTokens(text: string): ValueParse<readonly string[]> {
  const tokens = text.split(/[,\s]+/).filter((token) => token !== '')
  if (tokens.length === 0) return { ok: false, reason: 'no token is in it' }
  if (!tokens.every(isToken)) return { ok: false, reason: TOKEN_RULE }
  return tokens.every((token) => token.length >= MIN_TOKEN)
    ? { ok: true, value: tokens }
    : { ok: false, reason: `a token has at least ${MIN_TOKEN} characters` }
}
