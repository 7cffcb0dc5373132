import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, onTestFinished, test, vi } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster } from '../contract/registry-samples.ts'
import { startServing } from '../support/postern-process.ts'
import { application, ManifestFolder } from '../support/shop.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'
import { HOST, pidsOf, startWorkersRig, untilServing, workersOf } from './workers-rig.ts'

// Workers that cannot start are waited for, on machines where starting one takes seconds.
vi.setConfig({ testTimeout: 120_000 })

const lineSchema = v.object({ status: v.number() })

test('requests are answered by several processes, and the metrics say by which', async () => {
  const rig = await startWorkersRig()
  const postern = await rig.start('--workers', '3')
  expect(new Set(await pidsOf(postern)).size).toBe(3)
  expect(await pidsOf(postern)).not.toContain(postern.child.pid)
  const workers = await waitFor(
    'all workers to have answered',
    async () => {
      await ask(postern.port, HOST, '/')
      const text = await (await fetch(`${postern.console}/metrics`)).text()
      const counts = text.matchAll(/^http_server_request_duration_count\{worker="(\d)",.*"200".* [1-9]/gm)
      return [...counts].map(([, worker]) => worker)
    },
    (found) => found.length === 3,
  )
  expect(workers.sort()).toEqual(['0', '1', '2'])
  const ready = await fetch(`${postern.console}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([200, 'ready: 3 of 3 workers'])
})

test('a worker that is killed is replaced, and only its own requests fail', async () => {
  const rig = await startWorkersRig()
  const postern = await rig.start('--workers', '2')
  const load = new SteadyLoad(() => postern.port, [HOST], 8)
  const fresh = new SteadyLoad(() => postern.port, [HOST], 8, { isFresh: true })
  await Promise.all([load.answers(100), fresh.answers(100)])
  const [, pid = 0] = await pidsOf(postern)
  process.kill(pid, 'SIGKILL')
  const workers = await untilServing(postern, 2, [pid])
  expect(workers.map(({ restarts }) => restarts)).toEqual([0, 1])
  await waitFor(
    'nothing to be asked of the one that is gone',
    async () => {
      const before = load.failures.length + fresh.failures.length
      await Promise.all([load.answers(100), fresh.answers(100)])
      return load.failures.length + fresh.failures.length - before
    },
    (failures) => failures === 0,
  )
  await Promise.all([load.stop(), fresh.stop()])
  // Of each client one request that was under way, and one in the queue of the socket until that was closed.
  expect(load.failures.length).toBeLessThanOrEqual(16)
  expect(fresh.failures.length).toBeLessThanOrEqual(16)
  expect(postern.said()).toContain(`worker 1 (process ${pid}) ended with SIGKILL, another is started in`)
  const metrics = await (await fetch(`${postern.console}/metrics`)).text()
  expect(metrics).toMatch(/^postern_workers_restarts_total 1$/m)
})

test('a worker that cannot start is tried ever more rarely, while the others go on', async () => {
  const rig = await startWorkersRig()
  const postern = await rig.start('--workers', '2')
  const [pid = 0] = await pidsOf(postern)
  rig.setToken(false)
  process.kill(pid, 'SIGKILL')
  await waitFor('four attempts', postern.said, (said) => said.includes('another is started in 4 s'), {
    timeoutMs: 60_000,
  })
  const waits = [...postern.said().matchAll(/another is started in ([\d.]+) s/g)].map(([, wait]) => wait)
  // The first had lived for less than what counts as steady, or not, on a slow machine.
  expect(waits.filter((wait) => wait !== '0')).toEqual(['0.5', '1', '2', '4'])
  for (let i = 0; i < 20; i++) expect((await ask(postern.port, HOST, '/')).status).toBe(200)
  const ready = await fetch(`${postern.console}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([200, 'ready: 1 of 2 workers'])
  rig.setToken(true)
  await untilServing(postern, 2)
})

test('workers that cannot start at all end the gateway', async () => {
  const rig = await startWorkersRig()
  rig.setToken(false)
  await expect(rig.start('--workers', '2')).rejects.toThrow(
    /worker \d: Cannot read the tokens in .*\n(.*\n)*postern: Cannot start: worker \d \(process \d+\) ended with code 1/,
  )
})

test('one access log is written by all, and every line of it is whole', async () => {
  const rig = await startWorkersRig()
  const folder = mkdtempSync(join(tmpdir(), 'postern-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'access.log')
  const postern = await rig.start('--workers', '2', '--access-log', file)
  const load = new SteadyLoad(() => postern.port, [HOST], 8, { isFresh: true })
  await load.answers(500)
  await load.stop()
  expect(await postern.stop()).toBe(0)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => v.parse(lineSchema, JSON.parse(line)).status)).toEqual(
    Array.from({ length: load.answered }, () => 200),
  )
})

test('up serves by several processes too, which follow what it reads', async () => {
  const folder = new ManifestFolder()
  onTestFinished(() => folder.remove())
  folder.replace('web.yaml', application('web', []))
  const postern = await startServing([
    'up',
    '--domain',
    'apps.test',
    '--manifests',
    folder.path,
    '--workers',
    '2',
  ])
  onTestFinished(async () => void (await postern.stop('SIGKILL')))
  expect((await ask(postern.port, 'web.shop.apps.test', '/')).status).toBe(503)
  expect((await ask(postern.port, 'other.shop.apps.test', '/')).status).toBe(404)
  folder.replace('other.yaml', application('other', []))
  await waitFor(
    'all workers to know the new host',
    () => Promise.all(Array.from({ length: 20 }, () => ask(postern.port, 'other.shop.apps.test', '/'))),
    (answers) => answers.every(({ status }) => status === 503),
  )
  expect(await postern.stop()).toBe(0)
})

test('one worker keeps the records on disk, and all start from them', async () => {
  const rig = await startWorkersRig()
  const folder = mkdtempSync(join(tmpdir(), 'postern-state-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const flags = ['--workers', '2', '--state-dir', folder]
  const first = await rig.start(...flags)
  const workers = await waitFor(
    'one of them to have written',
    () => workersOf(first),
    (all) => all.some(({ status }) => typeof status?.disk?.writtenSecondsAgo === 'number'),
  )
  expect(workers.map(({ status }) => status?.disk)).toEqual([
    { writtenSecondsAgo: expect.any(Number), problem: null },
    { writtenSecondsAgo: null, problem: null },
  ])
  expect(readdirSync(folder)).toEqual([`${cluster}.records`])
  await first.stop()
  await rig.closeRelay()
  const second = await rig.start(...flags)
  expect((await workersOf(second)).map(({ status }) => status?.source)).toEqual(['disk', 'disk'])
  expect((await ask(second.port, HOST, '/')).body).toBe('from the pod')
})
