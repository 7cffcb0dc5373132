import { foldFieldName } from '../model/field-name.ts'
import { judgeByName } from '../model/judge-by-name.ts'

/** Fields of one connection only (RFC 9110 §7.6.1), and those that would change our framing. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Fields by which applications learn who the client is, or what it asked for: only we may set them. */
const IDENTITY: ReadonlySet<string> = new Set([
  'forwarded',
  'forwarded-for',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-remote-addr',
  'x-remote-ip',
  'remote-addr',
  'client-ip',
  'proxy-client-ip',
  'wl-proxy-client-ip',
  'x-originating-ip',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'cf-visitor',
  'fastly-client-ip',
  'fly-client-ip',
  'true-client-ip',
  'front-end-https',
  'x-rewrite-url',
  'x-host',
  'x-http-host-override',
  'x-scheme',
  'x-url-scheme',
  'x-request-id',
  // RFC 9440 §2: only who has verified the certificate may tell of it.
  'client-cert',
  'client-cert-chain',
])

/** The same, by the start of their names: proxies' notes on the client, its certificate and its mesh identity. */
const IDENTITY_PREFIXES: readonly string[] = [
  'x-forwarded-',
  'x-original-',
  'x-envoy-',
  'ssl-client-',
  'x-ssl-client-',
]

/**
 * Set by us on every request, so dropped from what came; and Proxy, which is no field of HTTP: CGI makes HTTP_PROXY of
 * it, by which programs behind would go out (httpoxy, CVE-2016-5385).
 */
const OURS: ReadonlySet<string> = new Set(['host', 'expect', 'traceparent', 'tracestate', 'proxy'])

/** Fields that a recipient could take for framing or authority if they came after the body (RFC 9110 §6.5.1). */
const NEVER_TRAILERS: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
  'host',
  'authorization',
  'set-cookie',
  'www-authenticate',
  'location',
  'age',
  'cache-control',
  'date',
  'expires',
  'retry-after',
  'vary',
])

/** What a client's token says of it. */
export interface ForwardedClaims {
  /** [name, value, …] */
  readonly fields: readonly string[]
  /** Names that only the gateway may set, folded: whatever a client sends under them is left out. */
  readonly names: ReadonlySet<string>
}

export interface ForwardedFacts {
  /** The authority as the client wrote it; goes on as Host unless that is rewritten. */
  readonly authority: string
  readonly hostRewrite: string | undefined
  /** The connection's own peer; before it whom it speaks for, where X-Forwarded-For is replaced. */
  readonly peerAddress: string
  readonly clientAddress: string
  readonly scheme: 'http' | 'https'
  /** The peer is a trusted proxy that writes X-Forwarded-For: it is extended, not replaced. */
  readonly isTrusted: boolean
  readonly strippedPrefix: string | undefined
  readonly claims: ForwardedClaims | undefined
  /** What the client's certificate says, as [name, value, …]. */
  readonly clientCertificate?: readonly string[] | undefined
  readonly requestId: string
  readonly httpVersion: string
  /** What goes on of Max-Forwards, where that counts. */
  readonly maxForwards: number | undefined
}

/**
 * The fields for the endpoint: what came, less hop-by-hop and Connection-named fields and everything by which a client
 * could pass for another, plus our own. Shapes are [name, value, …] on both sides.
 */
export function requestHeaders(
  raw: readonly string[],
  facts: ForwardedFacts,
  trace: readonly string[],
): string[] {
  const named = connectionNamed(raw)
  const out: string[] = ['Host', facts.hostRewrite ?? facts.authority]
  let forwardedFor = ''
  let forwardedHost = facts.authority
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i] ?? '', raw[i + 1] ?? '']
    const fate = fateOf(name)
    if (fate === 'dropped') continue
    if (fate === 'forwarded-for' && facts.isTrusted) forwardedFor += `${value}, `
    if (fate === 'forwarded-host' && facts.isTrusted) forwardedHost = value
    if (fate !== 'kept' || named?.has(name.toLowerCase())) continue
    if (facts.maxForwards !== undefined && name.toLowerCase() === 'max-forwards') continue
    if (facts.claims?.names.has(foldFieldName(name))) continue
    out.push(name, value)
  }
  if (facts.maxForwards !== undefined) out.push('Max-Forwards', `${facts.maxForwards}`)
  out.push('X-Forwarded-For', forwardedFor + facts.peerAddress)
  out.push('X-Forwarded-Host', forwardedHost, 'X-Forwarded-Proto', facts.scheme)
  out.push('X-Real-IP', facts.clientAddress, 'X-Request-Id', facts.requestId)
  if (facts.claims !== undefined) out.push(...facts.claims.fields)
  if (facts.clientCertificate !== undefined) out.push(...facts.clientCertificate)
  if (facts.strippedPrefix !== undefined) out.push('X-Forwarded-Prefix', facts.strippedPrefix)
  // RFC 9110 §7.6.3: a gateway says that it was here.
  out.push('Via', `${facts.httpVersion} postern`, ...trace)
  return out
}

/** The fields for the client: what the endpoint sent, less what belongs to its connection. */
export function responseHeaders(raw: readonly string[], status: number): string[] {
  const named = connectionNamed(raw)
  // RFC 9110 §8.6: neither has a body, so a length would be read as the next response's.
  const isBare = status === 204 || status < 200
  const out: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i] ?? '', raw[i + 1] ?? '']
    const kind = answerKindOf(name)
    if (kind === 'hop-by-hop' || named?.has(name.toLowerCase()) || (isBare && kind === 'length')) continue
    out.push(name, value)
  }
  return out
}

/** The same fields with one of that name, and that value. */
export function replaceField(fields: readonly string[], name: string, value: string): string[] {
  const lower = name.toLowerCase()
  const out: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== lower) out.push(fields[i] ?? '', fields[i + 1] ?? '')
  }
  out.push(name, value)
  return out
}

/**
 * What may follow a body, as [name, value, …].
 * @param head the fields before the body: what their Connection names stays here, wherever it comes (RFC 9110 §7.6.1)
 */
export function trailerFields(raw: readonly string[], head: readonly string[]): string[] {
  const fields: string[] = []
  if (raw.length === 0) return fields
  const named = connectionNamed(head)
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const lower = (raw[i] ?? '').toLowerCase()
    if (HOP_BY_HOP.has(lower) || NEVER_TRAILERS.has(lower) || named?.has(lower)) continue
    fields.push(raw[i] ?? '', raw[i + 1] ?? '')
  }
  return fields
}

/** A letter in a name that applications may fold into another: CGI, WSGI and Rack read `X_Real_IP` as `X-Real-IP`. */
const FOLDED = /[^a-z0-9-]/

/**
 * A second spelling is a second identity, whoever reads the first. So nothing with `_` goes on, as with nginx, and of
 * what fewer fold no forgery.
 */
function isDropped(lower: string): boolean {
  if (!FOLDED.test(lower)) return isReplaced(lower)
  if (lower.includes('_')) return true
  const folded = foldFieldName(lower)
  return isReplaced(folded) || folded === 'content-length' || folded === 'content-type'
}

/** What becomes of a request's field, by its name. */
const fateOf = judgeByName((name): 'kept' | 'dropped' | 'forwarded-for' | 'forwarded-host' => {
  const lower = name.toLowerCase()
  if (lower === 'x-forwarded-for') return 'forwarded-for'
  if (lower === 'x-forwarded-host') return 'forwarded-host'
  return isDropped(lower) ? 'dropped' : 'kept'
})

/** The same for an answer's. */
const answerKindOf = judgeByName((name): 'kept' | 'hop-by-hop' | 'length' => {
  const lower = name.toLowerCase()
  if (HOP_BY_HOP.has(lower)) return 'hop-by-hop'
  return lower === 'content-length' ? 'length' : 'kept'
})

function isReplaced(lower: string): boolean {
  if (HOP_BY_HOP.has(lower) || IDENTITY.has(lower) || OURS.has(lower)) return true
  return IDENTITY_PREFIXES.some((prefix) => lower.startsWith(prefix))
}

/** Names in Connection options, which must not go on. End-to-end framing cannot be removed by naming it. */
function connectionNamed(raw: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const value = raw[i + 1] ?? ''
    if (raw[i]?.length !== 10 || raw[i]?.toLowerCase() !== 'connection' || isCommon(value)) continue
    named ??= new Set()
    for (const option of value.split(',')) named.add(option.trim().toLowerCase())
    named.delete('content-length')
    named.delete('host')
  }
  return named
}

function isCommon(value: string): boolean {
  return value === 'keep-alive' || value === 'close' || value === 'Upgrade'
}
