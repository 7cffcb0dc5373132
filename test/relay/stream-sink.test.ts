import { constants, gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { createRelay } from '../../src/relay/app.ts'
import { deflateBlocks } from '../../src/relay/deflate.node.ts'
import { Followers } from '../../src/relay/followers.ts'
import { Mirror } from '../../src/relay/mirror.ts'
import type { Leaving } from '../../src/relay/observer.ts'
import { cluster, frozenClock, route } from '../contract/registry-samples.ts'
import { unobserved, untilAt } from '../support/relay.ts'

// On runtimes that have no response of their own to write to.
let stop: AbortController
let publish: (text: string) => Promise<void>
let ask: (path: string, fields?: Record<string, string>) => Promise<ReadableStreamDefaultReader<Uint8Array>>
let leavings: Leaving[]

beforeEach(async () => {
  stop = new AbortController()
  leavings = []
  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster, clock: frozenClock })
  const common = { reader: registry, timers: systemTimers, random: systemRandom, onTrouble: () => {} }
  const mirror = new Mirror(common)
  const observer = { ...unobserved, followerLeft: (reason: Leaving) => void leavings.push(reason) }
  const followers = new Followers({
    ...common,
    mirror,
    observer,
    deflate: deflateBlocks,
    maxUnreadBytes: 50_000,
  })
  const app = createRelay({ mirror, followers, observer, tokens: undefined })
  followers.run(stop.signal)
  void mirror.run(stop.signal)
  let revision = 0
  publish = async (text) => {
    await publisher.publish([route('a', text)], 1000)
    revision++
    await untilAt(mirror, { epoch: 1, revision })
  }
  ask = async (path, headers = {}) => {
    const { body } = await app.request(path, { headers })
    if (body === null) throw new Error('No body')
    return body.getReader()
  }
  await publish('0')
})
afterEach(() => stop.abort())

async function untilSeen(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  pattern: RegExp,
  decode = (bytes: Buffer) => bytes.toString(),
): Promise<void> {
  const chunks: Uint8Array[] = []
  do {
    const { value, done } = await reader.read()
    if (done) throw new Error(`It ended before ${pattern}`)
    chunks.push(value)
  } while (!pattern.test(decode(Buffer.concat(chunks))))
}

test('events come as a stream', async () => {
  const reader = await ask('/v1/changes?after=1-1')
  await publish('1')
  await untilSeen(reader, /^: changes\n\nid: 1-2\nevent: entry\n.*"1"\]\]\}\n\n$/)
})

test('a compressed stream can be read up to each event, although it has no end yet', async () => {
  const reader = await ask('/v1/changes?after=1-1', { 'accept-encoding': 'gzip' })
  await publish('1')
  await publish('2')
  await untilSeen(reader, /id: 1-2\n.*id: 1-3\n.*\n\n$/s, (bytes) =>
    gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString(),
  )
})

test('a reader that goes leaves nothing behind, and one that does not read fails', async () => {
  await (await ask('/v1/changes?after=1-1')).cancel()
  expect(leavings).toEqual(['left'])
  const stuck = await ask('/v1/changes?after=1-1')
  for (let count = 0; count < 5; count++) await publish(`${count}`.repeat(20_000))
  expect(leavings).toEqual(['left', 'cut'])
  await expect(untilSeen(stuck, /never/)).rejects.toThrow('The follower does not read')
})

test('streams end when the relay stops', async () => {
  const reader = await ask('/v1/changes?after=1-1')
  stop.abort()
  await expect(untilSeen(reader, /never/)).rejects.toThrow(/^It ended/)
  expect(leavings).toEqual(['stopped'])
})
