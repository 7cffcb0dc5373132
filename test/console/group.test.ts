import { expect, test } from 'vitest'
import { createGroupConsole, type GroupView, type WorkerView } from '../../src/console/group.ts'

/** A worker whose console answers that, by path; a path that is not there is not answered. */
function worker(number: number, answers: Readonly<Record<string, [number, string]>>): WorkerView {
  return {
    worker: number,
    pid: 100 + number,
    phase: 'serving',
    restarts: 0,
    ask: async (path, posted = '') => {
      const [status, body] = answers[`${path}${posted}`] ?? []
      if (status === undefined || body === undefined) throw new Error('silence')
      return { status, body, contentType: 'application/json' }
    },
  }
}

const group = (workers: readonly WorkerView[], notReadyReason?: string): GroupView => ({
  notReadyReason: () => notReadyReason,
  workers: () => workers,
  metrics: async () => '# TYPE own gauge\nown 1\n',
})

async function ask(view: GroupView, path: string): Promise<[number, string]> {
  const response = await createGroupConsole(view).request(path)
  return [response.status, await response.text()]
}

test('it is ready while one worker is, and says how many are', async () => {
  const [yes, no, silent] = [
    worker(0, { '/readyz': [200, 'ready'] }),
    worker(1, { '/readyz': [503, 'too old'] }),
    worker(2, {}),
  ]
  expect(await ask(group([no, yes, silent]), '/readyz')).toEqual([200, 'ready: 1 of 3 workers'])
  expect(await ask(group([silent, no]), '/readyz')).toEqual([503, 'too old'])
  expect(await ask(group([silent]), '/readyz')).toEqual([503, 'no worker answers'])
  expect(await ask(group([yes], 'draining'), '/readyz')).toEqual([503, 'draining'])
})

test('the metrics of those that answer are there, beside those of the process that holds them', async () => {
  const answering = worker(1, { '/metrics': [200, '# TYPE age gauge\nage 2\n'] })
  expect(await ask(group([worker(0, {}), answering]), '/metrics')).toEqual([
    200,
    '# TYPE own gauge\nown 1\n# TYPE age gauge\nage{worker="1"} 2\n',
  ])
})

test('the status is that of the first that answers, and tells of each', async () => {
  const first = worker(0, {})
  const second = worker(1, { '/api/status': [200, '{"source":"registry"}'] })
  const [status, body] = await ask(group([first, second]), '/api/status')
  expect(status).toBe(200)
  expect(JSON.parse(body)).toEqual({
    source: 'registry',
    workers: [
      { worker: 0, pid: 100, phase: 'serving', restarts: 0, status: null },
      { worker: 1, pid: 101, phase: 'serving', restarts: 0, status: { source: 'registry' } },
    ],
  })
})

test('what one worker knows as well as another is asked of one that serves', async () => {
  const starting = { ...worker(0, {}), phase: 'starting' as const }
  const path = '/api/explain?url=http://a'
  const serving = worker(1, { [path]: [400, '{"faults":["none"]}'], '/api/explain{}': [200, '{}'] })
  expect(await ask(group([starting, serving]), path)).toEqual([400, '{"faults":["none"]}'])
  expect(await ask(group([starting]), path)).toEqual([503, '{"error":"no worker answers"}'])
  const question = { method: 'POST', body: '{}' }
  const posted = await createGroupConsole(group([starting, serving])).request('/api/explain', question)
  expect([posted.status, await posted.text()]).toEqual([200, '{}'])
  expect((await ask(group([serving]), '/elsewhere'))[0]).toBe(404)
  expect(await ask(group([]), '/healthz')).toEqual([200, 'ok'])
})
