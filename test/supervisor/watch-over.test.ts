import { expect, test } from 'vitest'
import { type Watched, watchOver } from '../../workers/node/supervisor/watch-over.ts'
import { ManualTimers } from '../support/manual-timers.ts'

/** A worker that answers as it is told, and ends when it is killed. */
function watched(answers: () => boolean) {
  const ended = Promise.withResolvers<void>()
  const counts = { asked: 0, killed: 0 }
  const worker: Watched = {
    pid: 7,
    ended: ended.promise,
    ask: async () => {
      counts.asked++
      if (!answers()) throw new Error('silence')
    },
    kill: () => {
      counts.killed++
      ended.resolve()
    },
  }
  const timers = new ManualTimers()
  const troubles: string[] = []
  const done = watchOver(worker, timers, ({ message }) => troubles.push(message))
  const pass = async (): Promise<void> => {
    timers.pass(5_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { counts, troubles, done, end: ended.resolve, pass }
}

test('a worker that answers none of four questions in a row is killed', async () => {
  let isAnswering = true
  const { counts, troubles, done, pass } = watched(() => isAnswering)
  await pass()
  isAnswering = false
  for (let i = 0; i < 3; i++) await pass()
  isAnswering = true
  await pass()
  isAnswering = false
  for (let i = 0; i < 3; i++) await pass()
  expect(counts).toEqual({ asked: 8, killed: 0 })
  await pass()
  await done
  expect(counts).toEqual({ asked: 9, killed: 1 })
  expect(troubles).toEqual(['Process 7 has answered none of 4 questions: it is killed'])
})

test('one that has ended is asked no more', async () => {
  const { counts, done, end, pass } = watched(() => false)
  await pass()
  end()
  await done
  await pass()
  expect(counts).toEqual({ asked: 1, killed: 0 })
})
