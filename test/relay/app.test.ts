import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { origin } from '../../src/model/position.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { endpointsRecord } from '../support/records.ts'
import { startRelay, TOKEN, untilRead } from '../support/relay.ts'
import { RelayedRegistry, shop } from '../support/relayed-registry.ts'

let relayed: RelayedRegistry
const forever = new AbortController().signal

beforeEach(async () => {
  relayed = await RelayedRegistry.start()
})
afterEach(() => relayed.close())

describe('a token', () => {
  test.each([
    ['is missing', undefined],
    ['is wrong', 'Bearer wrong'],
    ['has more at its end', `Bearer ${TOKEN}x`],
    ['is cut', `Bearer ${TOKEN.slice(0, -1)}`],
    ['comes by another scheme', `Basic ${TOKEN}`],
  ])('that %s opens nothing, and nothing is said of it', async (_how, authorization) => {
    await relayed.publish(shop)
    for (const path of ['/v1/hosts/shop.example', '/v1/registry', '/v1/changes?after=0-0', '/else']) {
      const response = await fetch(
        relayed.url + path,
        authorization === undefined ? {} : { headers: { authorization } },
      )
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
      expect(await response.json()).toEqual({ error: 'a token is needed' })
    }
    expect(relayed.answers.map(([, status]) => status)).toEqual([401, 401, 401, 401])
  })

  test('is one of several, so that it can be changed', async () => {
    const relay = await startRelay(new MemoryRegistry(), { tokens: ['old-token', 'new-token'] })
    await untilRead(relay.mirror)
    for (const token of ['old-token', 'new-token']) {
      const headers = { authorization: `bearer ${token}` }
      expect((await fetch(`${relay.url}/v1/registry`, { headers })).status).toBe(200)
    }
    await relay.close()
  })
})

test.each(['HEAD', 'POST', 'PUT', 'DELETE'])('%s is refused, and opens no stream', async (method) => {
  await relayed.publish(shop)
  const headers = { authorization: `Bearer ${TOKEN}` }
  const response = await fetch(`${relayed.url}/v1/changes?after=1-1`, { method, headers })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
  expect(relayed.joined).toBe(0)
})

describe('before there is anything', () => {
  test('a relay that has not read its registry says when to ask again', async () => {
    const unread = await startRelay({
      load: () => new Promise(() => {}),
      entries: () => relayed.registry.entries(origin, forever),
    })
    for (const path of ['/v1/hosts/shop.example', '/v1/registry', '/v1/changes?after=0-0']) {
      const response = await fetch(unread.url + path, { headers: { authorization: `Bearer ${TOKEN}` } })
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    }
  })

  test('an empty registry is a whole load, and no host can be proven absent', async () => {
    const response = await relayed.get('/v1/registry')
    expect([response.status, await response.text()]).toEqual([200, '{"head":null}\n{"count":0}\n'])
    expect((await relayed.get('/v1/hosts/shop.example')).status).toBe(503)
  })
})

describe('a host', () => {
  test('comes as a bundle that proves itself', async () => {
    await relayed.publish(shop)
    const read = await relayed.hosts().readHost('shop.example', undefined, forever)
    expect(read).toMatchObject({ type: 'bundle', head: { position: { epoch: 1, revision: 1 } } })
    expect(read.type === 'bundle' && read.records).toEqual(shop)
  })

  test('that is unchanged comes with the newest head, which the old proof fits', async () => {
    await relayed.publish(shop)
    const first = await relayed.hosts().readHost('shop.example', undefined, forever)
    await relayed.heartbeat(2000)
    const etag = first.type === 'bundle' ? first.etag : undefined
    const again = await relayed.hosts().readHost('shop.example', etag, forever)
    expect(again).toMatchObject({ type: 'unchanged', head: { observedAt: 2000, root: first.head.root } })
  })

  test('that changed is read anew', async () => {
    await relayed.publish(shop)
    const first = await relayed.hosts().readHost('shop.example', undefined, forever)
    await relayed.publish([endpointsRecord('shop/web/a', ['192.0.2.7'])])
    const etag = first.type === 'bundle' ? first.etag : undefined
    const again = await relayed.hosts().readHost('shop.example', etag, forever)
    expect(again).toMatchObject({
      type: 'bundle',
      records: [{}, {}, endpointsRecord('shop/web/a', ['192.0.2.7'])],
    })
  })

  test('that is unknown is proven absent', async () => {
    await relayed.publish(shop)
    expect(await relayed.hosts().readHost('other.example', undefined, forever)).toMatchObject({ records: [] })
  })

  test('is found in whatever form it is written', async () => {
    await relayed.publish(shop)
    expect((await relayed.get('/v1/hosts/SHOP.example.')).status).toBe(200)
  })

  test.each([
    ['of 10 KB', 'a'.repeat(10_240)],
    ['of 254 characters', `${'a.'.repeat(126)}ab`],
    ['that is an address', '192.0.2.1'],
    ['that is a pattern', '*.example'],
    ['with a slash', 'a%2Fb'],
    ['with a broken escape', '%zz'],
    ['with a NUL', 'a%00b'],
  ])('%s is refused, and the next request is answered', async (_what, host) => {
    await relayed.publish(shop)
    const response = await relayed.get(`/v1/hosts/${host}`)
    expect([response.status, await response.json()]).toEqual([400, { error: 'not a hostname' }])
    expect((await relayed.get('/v1/hosts/shop.example')).status).toBe(200)
  })

  test('whose records the relay cannot read is an error of its own', async () => {
    await relayed.publish([...shop, { kind: 'route', key: 'odd.example', text: '{}' }])
    const response = await relayed.get('/v1/hosts/odd.example')
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({ error: expect.stringContaining('route odd.example') })
    expect((await relayed.get('/v1/hosts/shop.example')).status).toBe(200)
  })
})
