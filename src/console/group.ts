import type { Hono } from 'hono'
import { CONSOLE_PATHS, createFrame, PROMETHEUS_TEXT, questionLimit } from './app.ts'
import { type MetricsPart, mergeMetrics } from './merged-metrics.ts'

/** What the console of one worker answered. */
export interface WorkerAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** One of several processes that answer the same clients. */
export interface WorkerView {
  readonly worker: number
  readonly pid: number | null
  readonly phase: 'waiting' | 'starting' | 'serving' | 'draining'
  /** How often another was started in its place. */
  readonly restarts: number
  /** Asks its console, by POST where there is a body. Rejects when it does not answer. */
  ask(path: string, posted?: string): Promise<WorkerAnswer>
}

export interface GroupView {
  /** Of those that serve, one is enough; before, and when all drain, this says why none is asked. */
  notReadyReason(): string | undefined
  workers(): readonly WorkerView[]
  /** Prometheus text of the process that holds the workers. */
  metrics(): Promise<string>
}

const GROUP_PATHS = {
  ...CONSOLE_PATHS,
  '/readyz': 'all workers have been ready, and one at least is',
  '/metrics': 'metrics of all workers as Prometheus text, labelled with worker',
  '/api/status': 'the workers, and what a console of one process says',
} as const

/** The operator's port of a gateway of several processes: as that of one, and what is one worker's is labelled so. */
export function createGroupConsole(view: GroupView): Hono {
  const app = createFrame('postern console', GROUP_PATHS)
  app.get('/readyz', async (c) => {
    const reason = view.notReadyReason()
    if (reason !== undefined) return c.text(reason, 503)
    const answers = await askAll(view, '/readyz')
    const ready = answers.filter(({ answer }) => answer?.status === 200).length
    if (ready > 0) return c.text(`ready: ${ready} of ${answers.length} workers`)
    return c.text(answers.find(({ answer }) => answer)?.answer?.body ?? 'no worker answers', 503)
  })
  app.get('/metrics', async (c) => {
    const own: MetricsPart = { worker: undefined, text: await view.metrics() }
    const parts = (await askAll(view, '/metrics')).flatMap(({ facts: { worker }, answer }): MetricsPart[] =>
      answer?.status === 200 ? [{ worker, text: answer.body }] : [],
    )
    return c.body(mergeMetrics([own, ...parts]), 200, { 'content-type': PROMETHEUS_TEXT })
  })
  app.get('/api/status', async (c) => {
    const statuses = (await askAll(view, '/api/status')).map(({ facts, answer }) => ({
      ...facts,
      status: answer?.status === 200 ? jsonOf(answer) : null,
    }))
    return c.json({ ...statuses.find(({ status }) => status !== null)?.status, workers: statuses })
  })
  app.get('/api/*', (c) => askOne(view, c.req.url))
  app.post('/api/explain', questionLimit, async (c) => askOne(view, c.req.url, await c.req.text()))
  return app
}

/** What one worker knows as well as another. */
async function askOne(view: GroupView, url: string, posted?: string): Promise<Response> {
  const { pathname, search } = new URL(url)
  const worker = view.workers().find(({ phase }) => phase === 'serving')
  const answer = await worker?.ask(`${pathname}${search}`, posted).catch(() => undefined)
  if (answer === undefined) return Response.json({ error: 'no worker answers' }, { status: 503 })
  const { status, contentType, body } = answer
  return new Response(body, { status, headers: { 'content-type': contentType } })
}

interface Asked {
  readonly facts: Omit<WorkerView, 'ask'>
  /** Undefined: it did not answer. */
  readonly answer: WorkerAnswer | undefined
}

/** One that does not answer keeps nobody from hearing the others. */
function askAll(view: GroupView, path: string): Promise<Asked[]> {
  return Promise.all(
    view.workers().map(async ({ ask, ...facts }) => ({
      facts,
      answer: await ask(path).catch(() => undefined),
    })),
  )
}

function jsonOf({ body }: WorkerAnswer): object | null {
  const json: unknown = JSON.parse(body)
  return typeof json === 'object' ? json : null
}
