import { parseDuration } from '../model/duration.ts'
import { normaliseHostPattern } from '../model/host.ts'
import { accessAnnotations } from './access-schema.ts'
import { type Annotation, type AnnotationParse, define } from './annotation.ts'
import { backendTlsAnnotations } from './backend-tls-schema.ts'
import { jwtAnnotations } from './jwt-schema.ts'
import { limitAnnotations } from './limit-schema.ts'
import { parsePath } from './path.ts'
import { tlsAnnotations } from './tls-schema.ts'

const DEFAULT_APPLIES = 'the default applies'

export const annotations = {
  expose: define({
    name: 'expose',
    summary: 'Exposes the Service: it answers on its hostnames.',
    takes: '`true` or `false`',
    otherwise: '`false`',
    whenInvalid: 'the Service is not exposed',
    example: 'true',
    parse: parseBoolean,
  }),
  host: define({
    name: 'host',
    summary: 'The hostnames that the Service answers on, instead of the default one.',
    takes:
      'at most 16 hostnames, separated by commas; `*.example.com` stands for every name below `example.com`, at any depth, that no other Service claims more exactly',
    otherwise: "`<service>.<namespace>.<domain>`, or as the agent's `--host-template` says",
    whenInvalid: 'no hostname of the list answers',
    example: 'shop.example.com, *.shop.example.com',
    parse: parseServiceHosts,
  }),
  path: define({
    name: 'path',
    summary:
      'The path that belongs to the Service on its hostnames. Services of one namespace may share a hostname.',
    takes: 'a path that starts with `/`, without query',
    otherwise: '`/`',
    whenInvalid: 'the Service gets no requests',
    example: '/api',
    parse: parsePath,
  }),
  pathType: define({
    name: 'path-type',
    summary: 'How the path is compared, case-sensitively.',
    takes:
      '`prefix`: whole segments from the start (`/api` matches `/api/x`, not `/apis`); `exact`: the whole path',
    otherwise: '`prefix`',
    whenInvalid: 'the Service gets no requests',
    example: 'exact',
    parse: oneOf('prefix', 'exact'),
  }),
  port: define({
    name: 'port',
    summary: 'Which port of the Service receives the requests.',
    takes: 'the name or the number of one of `spec.ports`',
    otherwise: 'the only TCP port; of several, the one named `http`, else port 80',
    whenInvalid: '503',
    example: 'http',
    parse: parsePort,
  }),
  target: define({
    name: 'target',
    summary: 'Where requests are sent: straight to Pod addresses, or to the NodePort on the nodes.',
    takes: '`pod` or `node`',
    otherwise: '`node` for a Service of type NodePort, else `pod`',
    whenInvalid: DEFAULT_APPLIES,
    example: 'node',
    parse: oneOf('pod', 'node'),
  }),
  balance: define({
    name: 'balance',
    summary: 'How an endpoint is chosen.',
    takes: '`least-request`: the less busy of two picked at random; `round-robin`: one after the other',
    otherwise: '`least-request`',
    whenInvalid: DEFAULT_APPLIES,
    example: 'round-robin',
    parse: oneOf('least-request', 'round-robin'),
  }),
  spillOver: define({
    name: 'spill-over',
    summary:
      'Lets requests go to endpoints that are meant for other zones or nodes (`spec.trafficDistribution`) while every near one is busy, or cannot be reached.',
    takes: 'how many requests under way at a near endpoint make it busy, from `1`',
    otherwise: 'requests stay near for as long as one near endpoint is ready, as with kube-proxy',
    whenInvalid: DEFAULT_APPLIES,
    example: '100',
    parse: parseCount,
  }),
  stripPrefix: define({
    name: 'strip-prefix',
    summary:
      'Cuts a prefix off the path before the request goes on. `X-Forwarded-Prefix` tells the application.',
    takes: '`true` for the whole of `postern.dev/path`, or a path that it starts with',
    otherwise: 'the path goes on as it came',
    whenInvalid: DEFAULT_APPLIES,
    example: 'true',
    parse: parseStripPrefix,
  }),
  timeout: define({
    name: 'timeout',
    summary:
      'How long the Service may take to begin its response, retries included, counted from the last byte of the request that moved. Then 504.',
    takes: 'a duration such as `500ms`, `30s`, `1m30s` (up to `24h`); `0s` for no limit',
    otherwise: '`60s`',
    whenInvalid: DEFAULT_APPLIES,
    example: '30s',
    parse: parseTimeout,
  }),
  idleTimeout: define({
    name: 'idle-timeout',
    summary:
      'How long a response or a WebSocket may stay silent, in both directions, once it has begun. Then it is cut.',
    takes: 'a duration, as for `timeout`',
    otherwise: '`5m`',
    whenInvalid: DEFAULT_APPLIES,
    example: '1h',
    parse: parseTimeout,
  }),
  ...backendTlsAnnotations,
  ...limitAnnotations,
  ...jwtAnnotations,
  ...accessAnnotations,
  ...tlsAnnotations,
} as const

export type Annotations = typeof annotations
export type AnnotationId = keyof Annotations
export type AnnotationValue<K extends AnnotationId> = Annotations[K] extends Annotation<infer T> ? T : never

function oneOf<const T extends string>(...values: readonly T[]): (text: string) => AnnotationParse<T> {
  return (text) => {
    const value = values.find((candidate) => candidate === text.trim().toLowerCase())
    return value === undefined
      ? { ok: false, reason: `not one of ${values.join(', ')}` }
      : { ok: true, value }
  }
}

function parseBoolean(text: string): AnnotationParse<boolean> {
  const parsed = oneOf('true', 'false')(text)
  return parsed.ok ? { ok: true, value: parsed.value === 'true' } : parsed
}

/** As many as a Gateway API route has: each is a route that every gateway holds. */
export const MAX_HOSTS = 16

function parseServiceHosts(text: string): AnnotationParse<readonly string[]> {
  const hosts = parseHosts(text)
  return hosts.ok && hosts.value.length > MAX_HOSTS
    ? { ok: false, reason: `more than ${MAX_HOSTS} hostnames` }
    : hosts
}

export function parseHosts(text: string): AnnotationParse<readonly string[]> {
  const hosts = new Set<string>()
  for (const part of text.split(',')) {
    const host = normaliseHostPattern(part.trim())
    if (host === undefined) return { ok: false, reason: `"${part.trim()}" is not a hostname` }
    hosts.add(host)
  }
  return { ok: true, value: [...hosts].sort() }
}

function parsePort(text: string): AnnotationParse<string | number> {
  const port = text.trim()
  if (/^\d+$/.test(port)) {
    const number = Number(port)
    return number >= 1 && number <= 65535
      ? { ok: true, value: number }
      : { ok: false, reason: 'not in 1–65535' }
  }
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(port)
    ? { ok: true, value: port }
    : { ok: false, reason: 'neither a port number nor a port name' }
}

function parseCount(text: string): AnnotationParse<number> {
  return /^[1-9]\d{0,5}$/.test(text.trim())
    ? { ok: true, value: Number(text.trim()) }
    : { ok: false, reason: 'not a whole number from 1 to 999999' }
}

function parseStripPrefix(text: string): AnnotationParse<boolean | string> {
  const flag = parseBoolean(text)
  if (flag.ok) return flag
  return text.trim().startsWith('/')
    ? parsePath(text)
    : { ok: false, reason: 'neither true, false nor a path' }
}

function parseTimeout(text: string): AnnotationParse<number> {
  const value = parseDuration(text.trim())
  return value === undefined
    ? { ok: false, reason: 'not a duration such as 500ms, 30s or 1m30s, up to 24h' }
    : { ok: true, value }
}
