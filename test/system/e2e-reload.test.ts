import { expect, test, vi } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'
import { HOST, pidsOf, startWorkersRig, untilGone, untilServing } from './workers-rig.ts'

// Each renewal is the start of a process, beside clients that leave it no rest.
vi.setConfig({ testTimeout: 120_000 })

test('SIGHUP renews all workers under load, and no client that never asks twice loses anything', async () => {
  const rig = await startWorkersRig()
  const postern = await rig.start('--workers', '2')
  const loads = [
    new SteadyLoad(() => postern.port, [HOST], 16, { isFresh: true }),
    new SteadyLoad(() => postern.port, [HOST], 4, { isFresh: true, method: 'POST' }),
    new SteadyLoad(() => postern.port, [HOST], 4),
    new SteadyLoad(() => postern.port, [HOST], 4, { method: 'POST' }),
  ]
  const answers = () => Promise.all(loads.map((load) => load.answers(100)))
  await answers()
  for (let round = 0; round < 2; round++) {
    const old = await pidsOf(postern)
    postern.child.kill('SIGHUP')
    await untilServing(postern, 2, old)
    await answers()
    await untilGone(old)
  }
  await Promise.all(loads.map((load) => load.stop()))
  expect(loads.flatMap(({ failures }) => failures)).toEqual([])
})

test('requests that are under way when their worker is renewed end as if it were not', async () => {
  const release = Promise.withResolvers<void>()
  let begun = 0
  const rig = await startWorkersRig(async (_request, response) => {
    begun++
    response.write('begun ')
    await release.promise
    response.end('ended')
  })
  const postern = await rig.start('--workers', '2')
  const old = await pidsOf(postern)
  const slow = Array.from({ length: 8 }, () => ask(postern.port, HOST, '/'))
  await waitFor(
    'all to be under way',
    () => begun,
    (count) => count === 8,
  )
  postern.child.kill('SIGHUP')
  await waitFor(
    'the first to be renewed',
    () => pidsOf(postern),
    ([first]) => first !== undefined && first !== old[0],
  )
  release.resolve()
  await untilServing(postern, 2, old)
  for (const answer of await Promise.all(slow)) expect(answer).toEqual({ status: 200, body: 'begun ended' })
})

test('a worker whose successor cannot start stays, and so do the others', async () => {
  const rig = await startWorkersRig()
  const postern = await rig.start('--workers', '2')
  const pids = await pidsOf(postern)
  rig.setToken(false)
  postern.child.kill('SIGHUP')
  const why = 'Cannot renew worker 0, and leave the others: the new one ended with code 1'
  await waitFor('it to be said', postern.said, (said) => said.includes(why))
  expect(await pidsOf(postern)).toEqual(pids)
  expect((await ask(postern.port, HOST, '/')).status).toBe(200)
  rig.setToken(true)
  postern.child.kill('SIGHUP')
  await untilServing(postern, 2, pids)
})
