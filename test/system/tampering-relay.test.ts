import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/model/clock.node.ts'
import { bundleSchema } from '../../src/registry/bundle.ts'
import { HttpHostReader } from '../../src/registry/http/host-reader.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import type { HostRead } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { everyKind } from '../support/every-kind.ts'
import { startFollowing } from '../support/following.ts'
import {
  type HonestAnswer,
  type HostileRelay,
  type Meddle,
  startHostileRelay,
} from '../support/hostile-relay.ts'
import { signedHeads, signer } from '../support/keys.ts'
import { resend } from '../support/meddling.ts'
import { endpointsRecord } from '../support/records.ts'
import { readerOf, startRelay, systemFetch, type TestRelay, TOKEN, untilAt } from '../support/relay.ts'

const HOST = 'shop.localhost'
const forever = new AbortController().signal

type SentBundle = v.InferOutput<typeof bundleSchema>

/** Whoever is the relay, or stands between it and those who read it, and has no key of the agent. */
describe('whoever is the relay', () => {
  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster: 'own', clock: systemClock, heads: signer })
  let relay: TestRelay
  let hostile: HostileRelay
  /** What the relay said before the last change. */
  let before: HonestAnswer
  let wholeBefore: HonestAnswer

  beforeAll(async () => {
    relay = await startRelay(registry)
    hostile = await startHostileRelay(relay.port)
    await publish(1)
    before = await hostile.ask(`/v1/hosts/${HOST}`)
    wholeBefore = await hostile.ask('/v1/registry')
    await publish(2)
  })
  afterAll(async () => {
    await hostile.close()
    await relay.close()
  })

  async function publish(port: number): Promise<void> {
    const moved = endpointsRecord('shop/web/a', ['127.0.0.1'], ['p1'], port)
    await publisher.publish(port === 1 ? await everyKind('own', port) : [moved], systemClock.now())
    const { after } = await registry.load(forever)
    if (after !== undefined) await untilAt(relay.mirror, after.position)
  }

  function read(host = HOST): Promise<HostRead> {
    const options = { url: hostile.url, token: TOKEN, cluster: 'own', heads: signedHeads, fetch: systemFetch }
    return new HttpHostReader(options).readHost(host, undefined, forever)
  }

  const sent = (body: string): SentBundle => v.parse(bundleSchema, JSON.parse(body))
  const meddled =
    (edit: (bundle: SentBundle) => unknown): Meddle =>
    ({ status, fields, body }, outgoing) =>
      outgoing.writeHead(status, fields).end(JSON.stringify(edit(sent(body))))
  const withoutLeaf = (start: string) =>
    meddled(({ head, leaves }) => ({ head, leaves: leaves.filter(({ owner }) => !owner.startsWith(start)) }))
  const altered = (edit: (text: string) => string): Meddle =>
    meddled(({ head, leaves }) => ({
      head,
      leaves: leaves.map((leaf) =>
        leaf.end.type !== 'present'
          ? leaf
          : {
              ...leaf,
              end: {
                ...leaf.end,
                records: leaf.end.records.map(([kind, key, text]) => [kind, key, edit(text)]),
              },
            },
      ),
    }))

  test('a host is read, with its policy and without what is of no use there', async () => {
    hostile.relent()
    const honest = await read()
    const kinds = honest.type === 'bundle' ? honest.records.map(({ kind, key }) => `${kind} ${key}`) : []
    expect(kinds.sort()).toEqual([
      `challenge ${HOST}/token`,
      'endpoints shop/web/a',
      'policy p1',
      `route ${HOST}`,
      'service shop/web:80',
    ])
  })

  test.each<[string, Meddle, RegExp]>([
    [
      "gives another host's bundle",
      async ({ ask }, outgoing) => resend(await ask('/v1/hosts/other.localhost'), outgoing),
      /host:shop\.localhost is neither there nor proven absent/,
    ],
    ['withholds the policy', withoutLeaf('policy:'), /policy:p1 is neither there nor proven absent/],
    [
      'withholds the service',
      withoutLeaf('service:'),
      /service:shop\/web is neither there nor proven absent/,
    ],
    [
      'says that the policy is not there',
      meddled(({ head, leaves }) => ({
        head,
        leaves: leaves.map((leaf) =>
          leaf.owner === 'policy:p1' ? { ...leaf, end: { type: 'empty' } } : leaf,
        ),
      })),
      /policy:p1 does not fit the head at /,
    ],
    [
      'redirects to another port',
      altered((text) => text.replace('"port":2', '"port":3')),
      /service:shop\/web does not fit the head at /,
    ],
    [
      'takes the policy off the endpoints',
      altered((text) => text.replace('"policy":"p1",', '')),
      /service:shop\/web does not fit the head at /,
    ],
    [
      'mixes what was true before with the head of now',
      ({ status, fields, body }, outgoing) =>
        outgoing
          .writeHead(status, fields)
          .end(JSON.stringify({ ...sent(before.body), head: sent(body).head })),
      / does not fit the head at /,
    ],
    [
      'mixes what is true now with the head of before',
      ({ status, fields, body }, outgoing) =>
        outgoing
          .writeHead(status, fields)
          .end(JSON.stringify({ ...sent(body), head: sent(before.body).head })),
      / does not fit the head at /,
    ],
    ['has no head', meddled(({ leaves }) => ({ head: '', leaves })), /it is no head/],
    [
      'has half a head',
      meddled(({ head, leaves }) => ({ head: head.slice(0, -9), leaves })),
      /its signature is not that of key /,
    ],
  ])('and %s, is not believed by who reads a host', async (_what, meddle, why) => {
    hostile.turn(meddle, /hosts/)
    await expect(read()).rejects.toThrow(why)
  })

  test('and goes back to what was true before, is not believed by who follows', async () => {
    hostile.relent()
    const follower = startFollowing(readerOf(hostile.url, 'own', signedHeads))
    await follower.until(() => follower.heads.length > 0)
    const { position } = follower.heads[0] ?? {}
    hostile.turn((_honest, outgoing) => resend(wholeBefore, outgoing), /registry/)
    await follower.until(() =>
      follower.troubles.some((text) => /\d+-1 is older than \d+-2, which is served/.test(text)),
    )
    expect(follower.heads).toEqual([expect.objectContaining({ position })])
    await follower.stop()
  })

  test('and shows what was true before to one that starts, shows what was true', async () => {
    // Nobody who starts can know better: how old it is stands in the head, and bounds it (--max-stale).
    hostile.turn((_honest, outgoing) => resend(before, outgoing), /hosts/)
    const { head } = await read()
    expect(head.position.revision).toBe(1)
    expect(head.observedAt).toBeLessThanOrEqual(systemClock.now())
  })
})
