import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { follow } from '../../src/registry/follow.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster, frozenClock } from '../contract/registry-samples.ts'
import { signer } from '../support/keys.ts'
import { routeRecord } from '../support/records.ts'
import { readerOf, startRelay, untilAt } from '../support/relay.ts'
import { anywhere, loads, silent } from '../support/rogue-answers.ts'
import { passTo, type RogueServer, startRogue } from '../support/rogue-server.ts'

let server: RogueServer
beforeEach(async () => {
  server = await startRogue(silent)
})
afterEach(() => server.close())

describe('a follower keeps its last table when the relay answers with', () => {
  test.each([...anywhere.slice(0, 4), ...loads.slice(0, 2)])(
    '%s, and goes on when it is well again',
    async (_what, answer) => {
      const registry = new MemoryRegistry()
      const publisher = new Publisher({ writer: registry, cluster, clock: frozenClock, heads: signer })
      await publisher.publish([routeRecord('a')], 1000)
      const relay = await startRelay(registry)
      await untilAt(relay.mirror, { epoch: 1, revision: 1 })
      server.answer = passTo(relay.port)
      const table = new Map<string, string | null>()
      const troubles: Error[] = []
      const stop = new AbortController()
      const following = follow({
        reader: readerOf(server.url, cluster),
        signal: stop.signal,
        timers: systemTimers,
        random: systemRandom,
        onTrouble: (error) => void troubles.push(error),
        onLoad: (records) => {
          table.clear()
          for (const { key, text } of records) table.set(key, text)
        },
        onChanges: (changes) => {
          for (const { key, text } of changes) table.set(key, text)
        },
      })
      await waitFor(
        'the table',
        () => [...table.keys()],
        (keys) => keys.length === 1,
      )
      server.answer = answer
      // The stream is cut, and what comes after it is wrong.
      await relay.close()
      await waitFor(
        'trouble',
        () => troubles.length,
        (count) => count > 1,
      )
      expect([...table]).toEqual([['a', routeRecord('a').text]])

      await publisher.publish([routeRecord('b')], 2000)
      const next = await startRelay(registry)
      server.answer = passTo(next.port)
      await waitFor(
        'the change',
        () => [...table.keys()],
        (keys) => keys.includes('b'),
      )
      stop.abort()
      await following
      await next.close()
    },
  )
})
