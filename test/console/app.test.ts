import { describe, expect, it } from 'vitest'
import { createConsole } from '../../src/console/app.ts'
import type { ConsoleView } from '../../src/console/view.ts'
import type { RouteStatus } from '../../src/gateway/route-status.ts'
import type { Problem } from '../../src/model/problem.ts'
import { serveConsole } from '../../workers/node/console.ts'

const route: RouteStatus = {
  host: 'shop.example.com',
  path: '/api',
  pathType: 'prefix',
  service: 'shop/web:80',
  target: 'pod',
  endpoints: 2,
  problem: null,
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

const view: ConsoleView = {
  isReady: () => true,
  notReadyReason: () => '',
  metrics: async () => 'up 1\n',
  routes: () => [route],
  problems: () => [problem],
}

describe('console', () => {
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

  it('gives metrics as Prometheus text', async () => {
    const response = await createConsole(view).request('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect(await response.text()).toBe('up 1\n')
  })

  it('lists routes and problems', async () => {
    const app = createConsole(view)
    expect(await (await app.request('/api/routes')).json()).toEqual({ routes: [route] })
    expect(await (await app.request('/api/problems')).json()).toEqual({
      problems: [{ ...problem, page: 'docs/problems/port-unknown.md' }],
    })
  })

  it('lists at / only paths that answer', async () => {
    const app = createConsole(view)
    const index = (await (await app.request('/')).json()) as { paths: Record<string, string> }
    expect(Object.keys(index.paths)).toHaveLength(5)
    for (const path of Object.keys(index.paths)) expect((await app.request(path)).status).toBe(200)
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
