import { afterEach, expect, test } from 'vitest'
import { HostLoader } from '../../src/gateway/host-loader.ts'
import { HostTables } from '../../src/gateway/host-tables.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import type { Clock } from '../../src/model/clock.ts'
import { unsignedHead } from '../../src/registry/head.ts'
import { HttpHostReader } from '../../src/registry/http/host-reader.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml } from '../support/gateway.ts'
import { startHostileRelay } from '../support/hostile-relay.ts'
import { startHttp } from '../support/http.ts'
import { signedHeads } from '../support/keys.ts'
import { resend } from '../support/meddling.ts'
import { CLUSTER, publishBehindRelay } from '../support/published.ts'
import { systemFetch, TOKEN } from '../support/relay.ts'

const HOST = 'web.shop.example.test'
const SERVICE = 'shop/web:80'
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function loaderOf(url: string, softMs = 60_000, clock: Pick<Clock, 'now'> = systemClock) {
  const tables = new HostTables({
    maxHosts: 100,
    maxBytes: 1_000_000,
    maxGuests: 100,
    maxGuestBytes: 1_000_000,
    softMs,
    negativeMs: 60_000,
    maxStaleMs: 0,
  })
  const troubles: string[] = []
  const loader = new HostLoader({
    reader: new HttpHostReader({
      heads: signedHeads,
      url,
      token: TOKEN,
      cluster: CLUSTER,
      fetch: systemFetch,
    }),
    tables,
    clock,
    timers: systemTimers,
    onTrouble: (error) => void troubles.push(error.message),
  })
  return { tables, loader, troubles }
}

const portOf = (tables: HostTables) =>
  tables.at(systemClock.now()).service(SERVICE, HOST)?.candidates[0]?.port

test('a change reaches those who follow, though the host has not aged', async () => {
  const published = await publishBehindRelay(serviceYaml({ endpoints: [1001] }))
  const { tables, loader } = loaderOf(published.relay.url)
  expect(loader.follow()).toBeUndefined()
  await loader.load(HOST)
  await loader.load('nobody.test')
  expect(portOf(tables)).toBe(1001)
  const following = loader.follow()
  // One request follows for all.
  expect(loader.follow()).toBeUndefined()
  await published.publish(serviceYaml({ endpoints: [1002] }))
  await waitFor(
    'the change',
    () => portOf(tables),
    (port) => port === 1002,
  )
  await published.close()
  await following
})

test('a relay that is away takes nothing away, and is said', async () => {
  const published = await publishBehindRelay(serviceYaml({ endpoints: [1001] }))
  const { tables, loader, troubles } = loaderOf(published.relay.url, 0)
  await loader.load(HOST)
  await published.close()
  await loader.refresh(HOST)
  expect(troubles).toEqual([`Cannot read ${HOST} from the registry`])
  expect(portOf(tables)).toBe(1001)
  // It is left alone for a moment.
  expect(loader.refresh(HOST)).toBeUndefined()
})

test('what a relay makes up is not believed', async () => {
  const liar = await startHttp((_request, response) => {
    const head = unsignedHead({
      schema: 1,
      cluster: CLUSTER,
      position: { epoch: 9, revision: 9 },
      observedAt: 9,
      root: 'f'.repeat(64),
    })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ head: JSON.stringify(head), leaves: [] }))
  })
  closers.push(liar.close)
  const { tables, loader, troubles } = loaderOf(`http://127.0.0.1:${liar.port}`)
  await loader.load(HOST)
  expect(troubles).toHaveLength(1)
  expect(tables.at(systemClock.now()).route(HOST)).toBe('unloaded')
})

test('a name that is known to be unknown stays so while the relay shows an older state', async () => {
  const published = await publishBehindRelay(serviceYaml({ endpoints: [1001] }))
  const relay = await startHostileRelay(published.relay.port)
  closers.push(published.close, relay.close)
  const older = await relay.ask('/v1/hosts/nobody.test')
  await published.publish(serviceYaml({ endpoints: [1002] }))
  const clock = { at: systemClock.now(), now: () => clock.at }
  const { tables, loader, troubles } = loaderOf(relay.url, 0, clock)
  await loader.load('nobody.test')
  clock.at += 60_000
  expect(tables.at(clock.now()).route('nobody.test')).toBe('unloaded')
  relay.turn((_honest, outgoing) => resend(older, outgoing))
  await loader.load('nobody.test')
  expect(tables.at(clock.now()).route('nobody.test')).toBeUndefined()
  expect(troubles).toEqual(['Cannot read nobody.test from the registry'])
})
