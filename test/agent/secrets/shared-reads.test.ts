import { expect, onTestFinished, test } from 'vitest'
import { secretKind } from '../../../src/agent/secrets/secret-kind.ts'
import { SharedReads } from '../../../src/agent/secrets/shared-reads.ts'
import { VirtualTime } from '../../support/virtual-time.ts'

/** Reads that are answered at once, by namespace. */
function started() {
  const time = new VirtualTime()
  const counts = new Map<string, number>()
  const stop = new AbortController()
  const reads = new SharedReads({
    api: {
      list: async ({ path }) => {
        const namespace = path.split('/')[4] ?? ''
        counts.set(namespace, (counts.get(namespace) ?? 0) + 1)
        return { resourceVersion: '1', next: '' }
      },
      watch: async () => {},
    },
    clock: time.clock,
    timers: time.timers,
    random: () => 0.5,
  })
  const under: Promise<unknown>[] = []
  onTestFinished(async () => {
    stop.abort()
    await time.advance(60_000)
    await Promise.allSettled(under)
  })
  const ask = (namespace: string, count: number) => {
    for (let i = 0; i < count; i++) {
      const kind = secretKind({ kind: 'Secret', namespace, name: `s${i}`, use: 'certificate', field: '' })
      const read = reads.list(kind, '', stop.signal, () => {})
      under.push(read.catch(() => {}))
    }
  }
  return { time, counts, ask }
}

test('however many names there are, requests keep to a pace', async () => {
  const { time, counts, ask } = started()
  ask('shop', 500)
  await time.advance(0)
  expect(counts.get('shop')).toBe(200)
  await time.advance(1_000)
  expect(counts.get('shop')).toBe(250)
})

test('a namespace that names thousands leaves the others their turns', async () => {
  const { time, counts, ask } = started()
  ask('greedy', 5_000)
  await time.advance(10_000)
  ask('shop', 20)
  await time.advance(500)
  expect(counts.get('shop')).toBe(20)
})
