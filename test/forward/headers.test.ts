import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ForwardedFacts,
  requestHeaders,
  responseHeaders,
  trailerFields,
} from '../../src/forward/headers.ts'

const facts: ForwardedFacts = {
  authority: 'web.example.test',
  peerAddress: '203.0.113.9',
  clientAddress: '203.0.113.9',
  scheme: 'http',
  isTrusted: false,
  hostRewrite: undefined,
  strippedPrefix: undefined,
  claims: undefined,
  requestId: 'r1',
  httpVersion: '1.1',
  maxForwards: undefined,
}
const behindProxy: ForwardedFacts = { ...facts, peerAddress: '10.0.0.1', scheme: 'https', isTrusted: true }

/** Values by lower-case name, all of them. */
function fields(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, string[]>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    map.set(name, [...(map.get(name) ?? []), raw[i + 1] ?? ''])
  }
  return map
}

const sent = (raw: readonly string[], of = facts, trace: readonly string[] = []) =>
  fields(requestHeaders(raw, of, trace))

test('naming Host and Content-Length in Connection does not remove them', () => {
  const raw = ['Host', 'evil', 'Connection', 'close, Host, CONTENT-LENGTH', 'Content-Length', '5']
  expect(sent(raw).get('host')).toEqual(['web.example.test'])
  expect(sent(raw).get('content-length')).toEqual(['5'])
  expect(fields(responseHeaders(raw, 200)).get('content-length')).toEqual(['5'])
})

test('naming our own fields in Connection does not remove them', () => {
  const ours = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-proto', 'x-request-id', 'traceparent', 'via']
  const seen = sent(['Connection', ours.join(', ')], facts, ['traceparent', 't'])
  for (const name of ours) expect(seen.get(name), name).toHaveLength(1)
})

test('a proxy cannot be made to forget the client by naming its header', () => {
  const seen = sent(['X-Forwarded-For', '198.51.100.7', 'Connection', 'X-Forwarded-For'], behindProxy)
  expect(seen.get('x-forwarded-for')).toEqual(['198.51.100.7, 10.0.0.1'])
})

test('fields that Connection names are removed, in every one of several', () => {
  const raw = ['Connection', 'X-A , x-b', 'X-A', '1', 'connection', 'x-c', 'X-B', '2', 'X-C', '3', 'X-D', '4']
  const request = sent(raw)
  for (const name of ['x-a', 'x-b', 'x-c', 'connection']) expect(request.has(name), name).toBe(false)
  expect(request.get('x-d')).toEqual(['4'])
  expect(responseHeaders(raw, 200)).toEqual(['X-D', '4'])
})

test('trailers that Connection names stay on their connection too', () => {
  const trailers = ['X-A', '1', 'X-Sum', '2', 'Content-Length', '3', 'Keep-Alive', 'x', 'Date', 'x']
  expect(trailerFields(trailers, ['connection', 'close, x-a'])).toEqual(['X-Sum', '2'])
})

test('hop-by-hop fields stay on their connection, both ways', () => {
  const names = [
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
  ]
  const raw = names.flatMap((name) => [name, 'x'])
  const request = sent(raw)
  for (const name of names) expect(request.has(name.toLowerCase()), name).toBe(false)
  expect(responseHeaders(raw, 200)).toEqual([])
})

test('what an untrusted client says of itself is replaced', () => {
  const raw = [
    'X-Forwarded-For',
    '1.1.1.1',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    'evil',
    'X-Real-IP',
    '1.1.1.1',
  ]
  const seen = sent(raw)
  expect(seen.get('x-forwarded-for')).toEqual(['203.0.113.9'])
  expect(seen.get('x-forwarded-proto')).toEqual(['http'])
  expect(seen.get('x-forwarded-host')).toEqual(['web.example.test'])
  expect(seen.get('x-real-ip')).toEqual(['203.0.113.9'])
})

test('a trusted proxy is extended, over several fields', () => {
  const raw = ['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-For', '2.2.2.2', 'X-Forwarded-Host', 'public.test']
  const seen = sent(raw, behindProxy)
  expect(seen.get('x-forwarded-for')).toEqual(['1.1.1.1, 2.2.2.2, 10.0.0.1'])
  expect(seen.get('x-forwarded-host')).toEqual(['public.test'])
  expect(seen.get('x-forwarded-proto')).toEqual(['https'])
})

test('X-Forwarded-Prefix is what was cut, and only then there', () => {
  const raw = ['X-Forwarded-Prefix', '/evil']
  expect(sent(raw).has('x-forwarded-prefix')).toBe(false)
  expect(sent(raw, { ...facts, strippedPrefix: '/api' }).get('x-forwarded-prefix')).toEqual(['/api'])
})

test('a Via that came is kept, and ours stands after it', () => {
  expect(sent(['Via', '1.0 cache']).get('via')).toEqual(['1.0 cache', '1.1 postern'])
})

test('what nobody knows, credentials and challenges go on as they are, in their order', () => {
  const raw = [
    ...['X-New', 'b', 'Authorization', 'Basic dTpw', 'x-new', 'a', 'Accept', 'x', 'X-New', ''],
    ...['WWW-Authenticate', 'Basic realm="a, b"', 'www-authenticate', 'Bearer'],
  ]
  const request = requestHeaders(raw, facts, [])
  expect(request.slice(2, 2 + raw.length)).toEqual(raw)
  expect(responseHeaders(raw, 401)).toEqual(raw)
})

test('Set-Cookie fields stay apart and in order', () => {
  const raw = ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']
  expect(responseHeaders(raw, 200)).toEqual(raw)
})

const FORGEABLE = [
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Proto',
  'X-Forwarded-Scheme',
  'X-Forwarded-Server',
  'X-Forwarded-Ssl',
  'X-Original-Forwarded-For',
  'X-Real-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'CF-Connecting-IP',
  'True-Client-IP',
  'Fastly-Client-IP',
  'X-Forwarded-Anything',
  'X-Envoy-External-Address',
  'SSL-Client-Verify',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Original-Method',
  'X-Forwarded',
  'Forwarded-For',
  'X-Azure-ClientIP',
  'WL-Proxy-Client-IP',
  'X-Url-Scheme',
  'Proxy',
  'X_Real_IP',
  'X.Real.IP',
  'X_Anything',
  'X_Forwarded_For',
  'Content_Length',
  'X-Request-Id',
  'Host',
  'traceparent',
]
const FORGED = 'forged-by-the-client'
const letterCase = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) =>
      [...name].map((letter, i) => (upper[i] ? letter.toUpperCase() : letter.toLowerCase())).join(''),
    )
const forgery = fc.constantFrom(...FORGEABLE).chain(letterCase)
const option = fc.oneof(fc.constantFrom(...FORGEABLE, 'Content-Length', 'close', 'keep-alive'), fc.string())
const field = fc.oneof(
  forgery.map((name) => [name, FORGED]),
  fc.array(option).map((options) => ['Connection', options.join(',')]),
  fc.tuple(fc.constantFrom('Accept', 'Cookie', 'X-Custom'), fc.string()),
)

test('nothing forged passes, however it is written', () => {
  fc.assert(
    fc.property(fc.array(field), (list) => {
      const raw = [...list.flat(), 'Content-Length', '5']
      const out = requestHeaders(raw, facts, [])
      expect(out).not.toContain(FORGED)
      const seen = fields(out)
      for (const name of ['host', 'content-length', 'x-forwarded-for', 'x-real-ip', 'x-request-id']) {
        expect(seen.get(name), name).toHaveLength(1)
      }
      expect(seen.has('connection')).toBe(false)
    }),
  )
})
