import type { HostAllowance } from '../compile/allowed-hosts.ts'
import { normaliseHost, normaliseHostPattern } from '../model/host.ts'
import { parseName, type ValueParse } from './values.ts'

export function parseDomain(text: string): ValueParse<string> {
  const value = normaliseHost(text)
  return value === undefined ? { ok: false, reason: 'not a domain name' } : { ok: true, value }
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
