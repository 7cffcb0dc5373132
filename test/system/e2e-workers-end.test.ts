import { expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'
import { HOST, pidsOf, startWorkersRig, untilGone, untilServing } from './workers-rig.ts'

test('SIGTERM drains all workers: unready first, then requests under way end', async () => {
  const asked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const rig = await startWorkersRig(async (request, response) => {
    if (request.url !== '/slow') return void response.end('at once')
    response.write('begun ')
    asked.resolve()
    await release.promise
    response.end('ended')
  })
  const postern = await rig.start('--workers', '2', '--drain-delay', '3s')
  const pids = await pidsOf(postern)
  const load = new SteadyLoad(() => postern.port, [HOST], 8, { isFresh: true })
  const slow = ask(postern.port, HOST, '/slow')
  await asked.promise
  const stopped = postern.stop()
  await waitFor(
    'it to be unready',
    async () => (await (await fetch(`${postern.console}/readyz`)).text()).trim(),
    (text) => text === 'draining',
  )
  await load.answers(50)
  await load.stop()
  await waitFor(
    'nobody to be let in',
    () => ask(postern.port, HOST, '/').catch((error: NodeJS.ErrnoException) => error.code),
    (code) => code === 'ECONNREFUSED',
  )
  release.resolve()
  expect(await slow).toEqual({ status: 200, body: 'begun ended' })
  expect(await stopped).toBe(0)
  expect(load.failures).toEqual([])
  await untilGone(pids)
})

test('a second SIGTERM ends all at once', async () => {
  const asked = Promise.withResolvers<void>()
  const rig = await startWorkersRig(() => asked.resolve())
  const postern = await rig.start('--workers', '2')
  const pids = await pidsOf(postern)
  const cut = ask(postern.port, HOST, '/').catch((error: NodeJS.ErrnoException) => error.code)
  await asked.promise
  postern.child.kill('SIGTERM')
  await waitFor(
    'it to drain',
    async () => (await fetch(`${postern.console}/readyz`)).status,
    (status) => status === 503,
  )
  expect(await postern.stop()).toBe(1)
  await untilGone(pids)
  expect(await cut).toBe('ECONNRESET')
})

test('signals to a worker change nothing: they are for the supervisor', async () => {
  const rig = await startWorkersRig()
  const postern = await rig.start('--workers', '2')
  const pids = await pidsOf(postern)
  for (const pid of pids) for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.kill(pid, signal)
  postern.child.kill('SIGHUP')
  const workers = await untilServing(postern, 2, pids)
  expect(workers.map(({ restarts }) => restarts)).toEqual([0, 0])
  expect(postern.said()).not.toContain('ended with')
})

test('workers do not outlive their supervisor', async () => {
  const rig = await startWorkersRig()
  const postern = await rig.start('--workers', '2')
  const pids = await pidsOf(postern)
  await postern.stop('SIGKILL')
  await untilGone(pids)
})
