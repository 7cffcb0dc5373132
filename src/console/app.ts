import { Hono } from 'hono'
import type { ConsoleView } from './view.ts'

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4'

const INDEX = {
  name: 'postern console',
  paths: {
    '/healthz': 'the process answers',
    '/readyz': 'the gateway has a table to route by',
    '/metrics': 'metrics as Prometheus text',
    '/api/routes': 'rules with their services and eligible endpoints',
    '/api/problems': 'what is wrong with objects of the cluster',
  },
} as const

/** The operator's port: health, readiness, metrics, status. Never mount it where clients can reach it. */
export function createConsole(view: ConsoleView): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.get('/', (c) => c.json(INDEX))
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', (c) => (view.isReady() ? c.text('ready') : c.text(view.notReadyReason(), 503)))
  app.get('/metrics', async (c) => c.body(await view.metrics(), 200, { 'content-type': PROMETHEUS_TEXT }))
  app.get('/api/routes', (c) => c.json({ routes: view.routes() }))
  app.get('/api/problems', (c) => c.json({ problems: view.problems() }))
  app.notFound((c) => c.json({ error: 'not found', path: c.req.path }, 404))
  app.onError((_error, c) => c.json({ error: 'internal' }, 500))
  return app
}
