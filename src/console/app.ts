import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as v from 'valibot'
import { type Question, STRANGER } from '../gateway/explain/request.ts'
import { pageOf } from '../model/catalogue/page-name.ts'
import type { ConsoleView, HealthView } from './view.ts'

export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4'

const HEALTH_PATHS = {
  '/healthz': 'the process answers',
  '/readyz': 'it can do its work: a gateway has a table, an agent has published, or stands by',
  '/metrics': 'metrics as Prometheus text',
} as const

export const CONSOLE_PATHS = {
  ...HEALTH_PATHS,
  '/api/status': 'where the table came from, how long ago the cluster was observed, the copy on disk',
  '/api/routes': 'rules with their services and eligible endpoints',
  '/api/clusters': 'clusters that are served: their share, and how fresh what is known of them is',
  '/api/problems': 'what is wrong with objects of the cluster',
  '/api/explain':
    'why a request gets its answer: ?url=…&from=ADDRESS&method=…, or POST {url, from, method, headers}',
} as const

/** The operator's port of a gateway: health, metrics, status. Never mount it where clients can reach it. */
export function createConsole(view: ConsoleView): Hono {
  const app = createHealth(view, 'postern console', CONSOLE_PATHS)
  app.get('/api/status', (c) => c.json(view.status()))
  app.get('/api/routes', (c) => c.json({ routes: view.routes() }))
  app.get('/api/clusters', (c) => c.json({ clusters: view.clusters() }))
  app.get('/api/problems', (c) =>
    c.json({ problems: view.problems().map((problem) => ({ ...problem, page: pageOf(problem.code) })) }),
  )
  app.get('/api/explain', async (c) => {
    const { url = '', from = STRANGER, method = 'GET', header } = c.req.query()
    // Query strings are logged on the way, and stay in histories.
    if (header !== undefined)
      return c.json({ faults: ['header is for the body of a POST: it may hold a secret'] }, 400)
    return await explained(view, { url, from, method, headers: [] })
  })
  app.post('/api/explain', questionLimit, async (c) => {
    const question = v.safeParse(questionSchema, await c.req.text())
    if (!question.success) return c.json({ faults: question.issues.map(faultOf) }, 400)
    return await explained(view, question.output)
  })
  return app
}

/** More than the head of any request that a gateway would read. */
const MAX_QUESTION_BYTES = 128 * 1024

export const questionLimit = bodyLimit({
  maxSize: MAX_QUESTION_BYTES,
  onError: (c) => c.json({ faults: [`the question is longer than ${MAX_QUESTION_BYTES} bytes`] }, 413),
})

const questionSchema = v.pipe(
  v.string(),
  v.parseJson(undefined, 'is no JSON'),
  v.object({
    url: v.string(),
    from: v.optional(v.string(), STRANGER),
    method: v.optional(v.string(), 'GET'),
    headers: v.optional(v.array(v.string()), []),
  }),
)

function faultOf(issue: v.BaseIssue<unknown>): string {
  return `Cannot read the question: ${v.getDotPath(issue) ?? 'the body'}: ${issue.message}`
}

async function explained(view: ConsoleView, question: Question): Promise<Response> {
  const answer = await view.explain(question)
  if (answer === undefined)
    return Response.json({ faults: ['no table has been loaded yet'] }, { status: 503 })
  return answer.ok
    ? Response.json(answer.explanation)
    : Response.json({ faults: answer.faults }, { status: 400 })
}

/** The operator's port of any part. */
export function createHealth(
  view: HealthView,
  name: string,
  paths: Readonly<Record<string, string>> = HEALTH_PATHS,
): Hono {
  const app = createFrame(name, paths)
  app.get('/readyz', (c) => (view.isReady() ? c.text(readyText(view)) : c.text(view.notReadyReason(), 503)))
  app.get('/metrics', async (c) => c.body(await view.metrics(), 200, { 'content-type': PROMETHEUS_TEXT }))
  return app
}

/** What every operator's port has, whatever else it answers. */
export function createFrame(name: string, paths: Readonly<Record<string, string>>): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.get('/', (c) => c.json({ name, paths }))
  app.get('/healthz', (c) => c.text('ok'))
  app.notFound((c) => c.json({ error: 'not found', path: c.req.path }, 404))
  app.onError((_error, c) => c.json({ error: 'internal' }, 500))
  return app
}

function readyText(view: HealthView): string {
  const purpose = view.readyFor?.()
  return purpose === undefined ? 'ready' : `ready: ${purpose}`
}
