import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import type { Leaving } from '../../src/relay/observer.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster, frozenClock, route } from '../contract/registry-samples.ts'
import { readerOf, startRelay, TOKEN, unobserved, untilAt, untilRead } from '../support/relay.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function started(bounds: { maxUnreadBytes?: number; log?: { maxBytes: number; maxEntries: number } }) {
  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster, clock: frozenClock })
  await publisher.publish([route('a', '0')], 1000)
  const leavings: Leaving[] = []
  const observer = { ...unobserved, followerLeft: (reason: Leaving) => void leavings.push(reason) }
  const relay = await startRelay(registry, { ...bounds, observer })
  closers.push(() => relay.close())
  await untilRead(relay.mirror)
  let revision = 1
  return {
    relay,
    leavings,
    async publish(text: string): Promise<void> {
      await publisher.publish([route('a', `${revision} ${text}`)], 1000)
      revision++
      await untilAt(relay.mirror, { epoch: 1, revision })
    },
  }
}

/** A socket that reads the head of the response and then nothing. */
async function follow(url: string): Promise<IncomingMessage> {
  const request = get(`${url}/v1/changes?after=1-1`, { headers: { authorization: `Bearer ${TOKEN}` } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  closers.push(() => request.destroy())
  return response.on('error', () => {})
}

test('a follower that does not read is cut, and the others are not held up', async () => {
  const { relay, leavings, publish } = await started({ maxUnreadBytes: 200_000 })
  const stuck = await follow(relay.url)
  const reading = readerOf(relay.url, cluster).entries(
    { epoch: 1, revision: 1 },
    new AbortController().signal,
  )
  const entries = reading[Symbol.asyncIterator]()
  let published = 0
  // The kernel's buffers take some megabytes before the relay sees that nobody reads.
  while (leavings.length === 0 && published < 300) {
    await publish('x'.repeat(100_000))
    published++
    expect((await entries.next()).value).toMatchObject({ head: { position: { revision: published + 1 } } })
  }
  expect(leavings).toEqual(['cut'])
  const end = once(stuck, 'close')
  stuck.resume()
  await expect(end).rejects.toThrow('aborted')
  await entries.return?.()
})

test('a follower that comes back after much has happened is given all of it', async () => {
  const { relay, publish } = await started({ maxUnreadBytes: 1_000 })
  for (let count = 0; count < 20; count++) await publish('x'.repeat(10_000))
  let last = 1
  for await (const entry of readerOf(relay.url, cluster).entries(
    { epoch: 1, revision: 1 },
    new AbortController().signal,
  )) {
    if (entry !== 'gap') last = entry.head.position.revision
    if (entry === 'gap' || last === 21) break
  }
  expect(last).toBe(21)
})

test('the log is bounded by bytes and by entries, and who was away for longer is told', async () => {
  const bounds = { maxBytes: 50_000, maxEntries: 3 }
  const { relay, publish } = await started({ log: bounds })
  for (const text of ['a', 'b', 'c', 'd']) await publish(text)
  const next = (revision: number) => relay.mirror.log?.next({ epoch: 1, revision })
  expect([next(1), next(2)]).toEqual([
    'gap',
    expect.objectContaining({ position: { epoch: 1, revision: 3 } }),
  ])
  await publish('x'.repeat(60_000))
  expect([next(4), next(5)]).toEqual(['gap', expect.anything()])
})

test('a client that goes leaves nothing behind', async () => {
  const { relay, leavings } = await started({})
  const response = await follow(relay.url)
  response.destroy()
  await waitFor(
    'the follower to be gone',
    () => leavings,
    (all) => all.length === 1,
  )
  expect(leavings).toEqual(['left'])
})
