import { describe, expect, it } from 'vitest'
import { createConsole } from '../../src/console/app.ts'
import type { ConsoleView } from '../../src/console/view.ts'
import { explain } from '../../src/gateway/explain/explain.ts'
import type { GatewayStatus } from '../../src/gateway/gateway-status.ts'
import type { RouteStatus } from '../../src/gateway/route-status.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { Table } from '../../src/gateway/table.ts'
import type { Problem } from '../../src/model/problem.ts'
import { serveConsole } from '../../workers/node/console.ts'
import { frozenClock } from '../contract/registry-samples.ts'

const route: RouteStatus = {
  host: 'shop.example.com',
  path: '/api',
  pathType: 'prefix',
  service: 'shop/web:80',
  target: 'pod',
  endpoints: 2,
  problem: null,
  pods: null,
}

const problem: Problem = {
  code: 'port-unknown',
  severity: 'error',
  kind: 'Service',
  namespace: 'shop',
  name: 'web',
  field: 'metadata.annotations["postern.dev/port"]',
  message: 'no such port',
  hint: 'name one',
}

const status: GatewayStatus = {
  source: 'disk',
  position: '3-14',
  observedSecondsAgo: 90,
  maxStaleSeconds: 3600,
  isStale: false,
  isSigned: true,
  disk: { path: '/state/default.records', writtenSecondsAgo: null, problem: null },
  certificates: [],
}

const present = { externalEndpoints: () => undefined, staleness: () => undefined }

const view: ConsoleView = {
  status: () => status,
  isReady: () => true,
  notReadyReason: () => '',
  metrics: async () => 'up 1\n',
  routes: () => [route],
  problems: () => [problem],
  clusters: () => [{ name: 'west', weight: 0, ...status }],
  explain: async (question) =>
    explain(question, {
      clusters: [onlyCluster(() => new Table(), new GatewayState(frozenClock), present)],
      road: { trustedProxies: [], networkPolicy: 'enforce' },
    }),
}

describe('console', () => {
  it('explains a request', async () => {
    const question = { url: 'http://shop.example.com/a?b', from: '203.0.113.9', method: 'POST' }
    const expected = { request: question, outcome: { type: 'reply', status: 404 } }
    const asked = await createConsole(view).request(`/api/explain?${new URLSearchParams(question)}`)
    expect(asked.status).toBe(200)
    expect(await asked.json()).toMatchObject(expected)
    const body = JSON.stringify({ ...question, headers: ['A: b', 'C: d'] })
    const posted = await createConsole(view).request('/api/explain', { method: 'POST', body })
    expect(posted.status).toBe(200)
    expect(await posted.json()).toMatchObject(expected)
  })

  it('takes fields, which may hold secrets, in a body only', async () => {
    const asked = await createConsole(view).request('/api/explain?url=http://a&header=A:%20b')
    expect([asked.status, await asked.json()]).toEqual([400, { faults: [expect.stringContaining('POST')] }])
  })

  it.each([
    ['nonsense', 'the body: is no JSON'],
    ['[]', 'url'],
    ['{"url":"http://a","headers":"A: b"}', 'headers'],
  ])('says what it cannot read of %s', async (body, fault) => {
    const posted = await createConsole(view).request('/api/explain', { method: 'POST', body })
    expect([posted.status, await posted.json()]).toEqual([400, { faults: [expect.stringContaining(fault)] }])
    const long = await createConsole(view).request('/api/explain', {
      method: 'POST',
      body: body.padEnd(200_000),
    })
    expect(long.status).toBe(413)
  })

  it('says what it cannot read of a question, and that there is no table yet', async () => {
    const body = JSON.stringify({ url: 'http://a', from: 'nobody', headers: ['x'] })
    const wrong = await createConsole(view).request('/api/explain', { method: 'POST', body })
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toEqual({
      faults: [expect.stringContaining('nobody'), expect.stringContaining('"x"')],
    })
    const early = createConsole({ ...view, explain: () => undefined })
    expect((await early.request('/api/explain?url=http://a')).status).toBe(503)
  })

  it('is healthy whether or not it is ready', async () => {
    const app = createConsole({ ...view, isReady: () => false, notReadyReason: () => 'no table yet' })
    expect((await app.request('/healthz')).status).toBe(200)
    const ready = await app.request('/readyz')
    expect([ready.status, await ready.text()]).toEqual([503, 'no table yet'])
  })

  it('becomes ready with the view', async () => {
    let isReady = false
    const app = createConsole({ ...view, isReady: () => isReady })
    expect((await app.request('/readyz')).status).toBe(503)
    isReady = true
    expect((await app.request('/readyz')).status).toBe(200)
  })

  it('says what it is ready for, where there is more to say', async () => {
    const app = createConsole({ ...view, isReady: () => true, readyFor: () => 'standing by' })
    const ready = await app.request('/readyz')
    expect([ready.status, await ready.text()]).toEqual([200, 'ready: standing by'])
  })

  it('gives metrics as Prometheus text', async () => {
    const response = await createConsole(view).request('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect(await response.text()).toBe('up 1\n')
  })

  it('tells what is served, and how old it is', async () => {
    expect(await (await createConsole(view).request('/api/status')).json()).toEqual(status)
  })

  it('lists routes, clusters and problems', async () => {
    const app = createConsole(view)
    expect(await (await app.request('/api/routes')).json()).toEqual({ routes: [route] })
    expect(await (await app.request('/api/clusters')).json()).toEqual({
      clusters: [{ name: 'west', weight: 0, ...status }],
    })
    expect(await (await app.request('/api/problems')).json()).toEqual({
      problems: [{ ...problem, page: 'docs/problems/port-unknown.md' }],
    })
  })

  it('lists at / only paths that answer', async () => {
    const app = createConsole(view)
    const index = (await (await app.request('/')).json()) as { paths: Record<string, string> }
    expect(Object.keys(index.paths)).toHaveLength(8)
    for (const path of Object.keys(index.paths)) expect((await app.request(path)).status).not.toBe(404)
  })

  it('answers unknown paths and failures as JSON that tells nothing', async () => {
    const broken = { ...view, metrics: () => Promise.reject(new Error('secret')) }
    const app = createConsole(broken)
    const missing = await app.request('/nope')
    expect([missing.status, await missing.json()]).toEqual([404, { error: 'not found', path: '/nope' }])
    const failed = await app.request('/metrics')
    expect([failed.status, await failed.json()]).toEqual([500, { error: 'internal' }])
  })

  it('is served over a socket and lets go of it', async () => {
    const server = await serveConsole(createConsole(view), { host: '127.0.0.1', port: 0 })
    const url = `http://127.0.0.1:${server.port}/healthz`
    expect(await (await fetch(url)).text()).toBe('ok')
    await server.close()
    await expect(fetch(url)).rejects.toThrow()
  })
})
