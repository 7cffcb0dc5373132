import { expect, test } from 'vitest'
import type { FetchAttempt } from '../../src/forward/endpoint-fetch.ts'
import { FetchDialer } from '../../src/forward/fetch-dialer.ts'

const request: FetchAttempt = {
  address: '10.0.0.1',
  port: 8080,
  method: 'GET',
  path: '/a?b',
  headers: ['Host', 'web.test', 'X-One', '1', 'X-One', '2'],
  body: null,
  upgrade: undefined,
  isIdempotent: true,
}
const { signal } = new AbortController()

async function urlOf(place: Parameters<FetchDialer['fetch']>[0], path = '/a?b', nodeHost?: string) {
  let asked = ''
  const keep = async (url: string): Promise<Response> => {
    asked = url
    return new Response()
  }
  await new FetchDialer({ pods: keep, nodes: keep, external: keep, nodeHost }).fetch(
    place,
    { ...request, path },
    signal,
  )
  return asked
}

const pod = { address: '10.0.0.1', port: 8080, node: 'n1', kind: 'pod', isTls: false } as const

test('a Pod is reached by its address, a node by its public name', async () => {
  expect(await urlOf(pod, '/a?b', '{node}.nodes.test')).toBe('http://10.0.0.1:8080/a?b')
  expect(await urlOf({ ...pod, address: '2001:db8::1' })).toBe('http://[2001:db8::1]:8080/a?b')
  expect(await urlOf({ ...pod, kind: 'node' }, '/', '{node}.nodes.test')).toBe('http://n1.nodes.test:8080/')
  expect(await urlOf({ ...pod, kind: 'node' })).toBe('http://10.0.0.1:8080/a?b')
})

test('a name outside is reached over TLS by itself', async () => {
  const place = {
    address: 'api.example.com',
    port: 443,
    node: undefined,
    kind: 'external',
    isTls: true,
  } as const
  expect(await urlOf(place)).toBe('https://api.example.com:443/a?b')
})

test('a path stays the one that was planned, however URLs are parsed', async () => {
  for (const path of [
    '/api/x\\..\\..\\admin',
    '/api/.\t./admin',
    '/api/ ',
    '/a//b',
    '/%2e%2ex',
    '/api?a=..\\b',
  ]) {
    const { pathname } = new URL(await urlOf(pod, path))
    expect(pathname.startsWith(path.slice(0, 3)), path).toBe(true)
    expect(pathname, path).not.toBe('/admin')
  }
})

test('a kind that cannot be reached is said, and nothing was sent', async () => {
  const dialer = new FetchDialer({
    pods: undefined,
    nodes: undefined,
    external: undefined,
    nodeHost: undefined,
  })
  expect(dialer.canReach('pod')).toBe(false)
  expect(await dialer.fetch(pod, request, signal)).toMatchObject({
    code: 'platform-unsupported',
    wasSent: false,
  })
})

test('a failure may have been sent, since nobody can tell', async () => {
  const fail = () => Promise.reject(new Error('Network connection lost.'))
  const dialer = new FetchDialer({ pods: fail, nodes: fail, external: undefined, nodeHost: undefined })
  expect(await dialer.fetch(pod, request, signal)).toMatchObject({ code: 'connection-lost', wasSent: true })
})
