import type { ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { follow } from '../../src/registry/follow.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster } from '../contract/registry-samples.ts'
import { endpointsRecord } from '../support/records.ts'
import { readerOf, startRelay, type TestRelay, untilAt, untilRead } from '../support/relay.ts'
import { RelayedRegistry, shop } from '../support/relayed-registry.ts'
import { passTo, startRogue } from '../support/rogue-server.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A way to a relay whose streams can be cut. */
async function cuttableWay(port: number) {
  const streams = new Set<ServerResponse>()
  const pass = passTo(port)
  const way = await startRogue((incoming, outgoing) => {
    if (incoming.url?.startsWith('/v1/changes')) streams.add(outgoing)
    pass(incoming, outgoing)
  })
  closers.push(way.close)
  const cut = async (): Promise<void> => {
    await waitFor(
      'a stream',
      () => streams.size,
      (size) => size > 0,
    )
    for (const stream of streams) stream.destroy()
    streams.clear()
  }
  return { url: way.url, cut }
}

function followed(url: string) {
  const events: string[] = []
  const stop = new AbortController()
  const following = follow({
    reader: readerOf(url, cluster),
    signal: stop.signal,
    timers: systemTimers,
    random: systemRandom,
    onTrouble: () => {},
    onLoad: (_records, head) => void events.push(`load ${head.position.revision}`),
    onChanges: (_changes, head) => void events.push(`changes ${head.position.revision}`),
  })
  closers.push(() => {
    stop.abort()
    return following
  })
  return (last: string) =>
    waitFor(
      last,
      () => events,
      (all) => all.at(-1) === last,
    )
}

const loadsOf = ({ answers }: RelayedRegistry) => answers.filter(([what]) => what === 'registry').length

test('a follower whose stream is cut goes on from its place in the log of the relay', async () => {
  const relayed = await RelayedRegistry.start()
  closers.push(() => relayed.close())
  await relayed.publish(shop)
  const way = await cuttableWay(Number(new URL(relayed.url).port))
  const until = followed(way.url)
  await until('load 1')
  for (const revision of [2, 4, 6]) {
    await way.cut()
    // What comes while nobody listens is in the log.
    await relayed.publish([endpointsRecord('shop/web/a', [`192.0.2.${revision}`])])
    await relayed.heartbeat(2000)
    await until(`changes ${revision + 1}`)
  }
  expect(loadsOf(relayed)).toBe(1)
})

test('a relay whose own stream is cut tells its followers what it missed, and loads nothing', async () => {
  const relayed = await RelayedRegistry.start()
  closers.push(() => relayed.close())
  await relayed.publish(shop)
  const way = await cuttableWay(Number(new URL(relayed.url).port))
  const relay: TestRelay = await startRelay(readerOf(way.url, cluster))
  closers.push(() => relay.close())
  await untilRead(relay.mirror)
  const until = followed(relay.url)
  await until('load 1')
  await way.cut()
  await relayed.heartbeat(2000)
  await untilAt(relay.mirror, { epoch: 1, revision: 2 })
  await until('changes 2')
  expect(loadsOf(relayed)).toBe(1)
})
