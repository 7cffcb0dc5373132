import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { origin } from '../../src/model/position.ts'
import { parseHead } from '../../src/registry/head.ts'
import { HttpHostReader } from '../../src/registry/http/host-reader.ts'
import { decodeHeadField } from '../../src/registry/http/wire.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import type { Hint, StoredChange } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { cluster, frozenClock } from '../contract/registry-samples.ts'
import { endpointsRecord, routeRecord, serviceRecord } from '../support/records.ts'
import { startRelay, systemFetch, type TestRelay, TOKEN, untilAt, untilRead } from '../support/relay.ts'

const shop = [
  routeRecord('shop.example', 'shop/web:80'),
  serviceRecord('shop/web:80'),
  endpointsRecord('shop/web/a', ['192.0.2.1']),
]

let registry: MemoryRegistry
let publisher: Publisher
let relay: TestRelay
let answers: [string, number][]
let joined: number
const forever = new AbortController().signal

beforeEach(async () => {
  registry = new MemoryRegistry()
  publisher = new Publisher({ writer: registry, cluster, clock: frozenClock })
  answers = []
  joined = 0
  const observer = {
    answered: (resource: string, status: number) => void answers.push([resource, status]),
    followerJoined: () => void joined++,
    followerLeft: () => {},
  }
  relay = await startRelay(registry, { observer })
  await untilRead(relay.mirror)
})
afterEach(() => relay.close())

async function publish(changes: readonly StoredChange[], observedAt = 1000): Promise<void> {
  await publisher.publish(changes, observedAt)
  await settled()
}

async function settled(): Promise<void> {
  const { after } = await registry.load(forever)
  if (after) await untilAt(relay.mirror, after.position)
}

function get(path: string, fields: Record<string, string> = {}): Promise<Response> {
  return fetch(relay.url + path, { headers: { authorization: `Bearer ${TOKEN}`, ...fields } })
}

function hostReader(token: string | undefined = TOKEN): HttpHostReader {
  return new HttpHostReader({ url: relay.url, token, cluster, fetch: systemFetch })
}

describe('a token', () => {
  test.each([
    ['is missing', undefined],
    ['is wrong', 'Bearer wrong'],
    ['has more at its end', `Bearer ${TOKEN}x`],
    ['is cut', `Bearer ${TOKEN.slice(0, -1)}`],
    ['comes by another scheme', `Basic ${TOKEN}`],
  ])('that %s opens nothing, and nothing is said of it', async (_how, authorization) => {
    await publish(shop)
    for (const path of ['/v1/hosts/shop.example', '/v1/registry', '/v1/changes?after=0-0', '/else']) {
      const response = await fetch(
        relay.url + path,
        authorization === undefined ? {} : { headers: { authorization } },
      )
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
      expect(await response.json()).toEqual({ error: 'a token is needed' })
    }
    expect(answers.map(([, status]) => status)).toEqual([401, 401, 401, 401])
  })

  test('is one of several, so that it can be changed', async () => {
    await relay.close()
    relay = await startRelay(registry, { tokens: ['old-token', 'new-token'] })
    await untilRead(relay.mirror)
    for (const token of ['old-token', 'new-token']) {
      expect((await get('/v1/registry', { authorization: `bearer ${token}` })).status).toBe(200)
    }
  })
})

test.each(['HEAD', 'POST', 'PUT', 'DELETE'])('%s is refused, and opens no stream', async (method) => {
  await publish(shop)
  const headers = { authorization: `Bearer ${TOKEN}` }
  const response = await fetch(`${relay.url}/v1/changes?after=1-1`, { method, headers })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
  expect(joined).toBe(0)
})

describe('before there is anything', () => {
  test('a relay that has not read its registry says when to ask again', async () => {
    const unread = await startRelay({
      load: () => new Promise(() => {}),
      entries: () => registry.entries(origin, forever),
    })
    for (const path of ['/v1/hosts/shop.example', '/v1/registry', '/v1/changes?after=0-0']) {
      const response = await fetch(unread.url + path, { headers: { authorization: `Bearer ${TOKEN}` } })
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    }
  })

  test('an empty registry is a whole load, and no host can be proven absent', async () => {
    const response = await get('/v1/registry')
    expect([response.status, await response.text()]).toEqual([200, '{"head":null}\n{"count":0}\n'])
    expect((await get('/v1/hosts/shop.example')).status).toBe(503)
  })
})

describe('a host', () => {
  test('comes as a bundle that proves itself', async () => {
    await publish(shop)
    const read = await hostReader().readHost('shop.example', undefined, forever)
    expect(read).toMatchObject({ type: 'bundle', head: { position: { epoch: 1, revision: 1 } } })
    expect(read.type === 'bundle' && read.records).toEqual(shop)
  })

  test('that is unchanged comes with the newest head, which the old proof fits', async () => {
    await publish(shop)
    const first = await hostReader().readHost('shop.example', undefined, forever)
    await publisher.heartbeat(2000)
    await settled()
    const etag = first.type === 'bundle' ? first.etag : undefined
    const again = await hostReader().readHost('shop.example', etag, forever)
    expect(again).toMatchObject({ type: 'unchanged', head: { observedAt: 2000, root: first.head.root } })
  })

  test('that changed is read anew', async () => {
    await publish(shop)
    const first = await hostReader().readHost('shop.example', undefined, forever)
    await publish([endpointsRecord('shop/web/a', ['192.0.2.7'])])
    const etag = first.type === 'bundle' ? first.etag : undefined
    const again = await hostReader().readHost('shop.example', etag, forever)
    expect(again).toMatchObject({
      type: 'bundle',
      records: [{}, {}, endpointsRecord('shop/web/a', ['192.0.2.7'])],
    })
  })

  test('that is unknown is proven absent', async () => {
    await publish(shop)
    expect(await hostReader().readHost('other.example', undefined, forever)).toMatchObject({ records: [] })
  })

  test('is found in whatever form it is written', async () => {
    await publish(shop)
    expect((await get('/v1/hosts/SHOP.example.')).status).toBe(200)
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
    await publish(shop)
    const response = await get(`/v1/hosts/${host}`)
    expect([response.status, await response.json()]).toEqual([400, { error: 'not a hostname' }])
    expect((await get('/v1/hosts/shop.example')).status).toBe(200)
  })

  test('whose records the relay cannot read is an error of its own', async () => {
    await publish([...shop, { kind: 'route', key: 'odd.example', text: '{}' }])
    const response = await get('/v1/hosts/odd.example')
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({ error: expect.stringContaining('route odd.example') })
    expect((await get('/v1/hosts/shop.example')).status).toBe(200)
  })
})

describe('a full load', () => {
  test('has an ETag, and is not sent again', async () => {
    await publish(shop)
    const first = await get('/v1/registry')
    const etag = first.headers.get('etag') ?? ''
    expect((await first.text()).trimEnd().split('\n')).toHaveLength(shop.length + 2)
    const again = await get('/v1/registry', { 'if-none-match': `"x", ${etag}` })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const head = parseHead(decodeHeadField(again.headers.get('postern-head')) ?? '')
    expect(head?.root).toBe(etag.slice(3, -1))
  })

  test('is compressed for those who can read it, and the same for those who cannot', async () => {
    await publish(Array.from({ length: 500 }, (_, index) => routeRecord(`h${index}.example`, 'shop/web:80')))
    const packed = await get('/v1/registry')
    const plain = await get('/v1/registry', { 'accept-encoding': 'identity' })
    expect([packed.headers.get('content-encoding'), plain.headers.get('content-encoding')]).toEqual([
      'gzip',
      null,
    ])
    expect(await packed.text()).toBe(await plain.text())
  })

  test('with a newer head is still the same load', async () => {
    await publish(shop)
    await (await get('/v1/registry')).text()
    await publisher.heartbeat(2000)
    await settled()
    const head = decodeHeadField((await get('/v1/registry')).headers.get('postern-head'))
    expect(parseHead(head ?? '')).toMatchObject({ observedAt: 2000, position: { epoch: 1, revision: 2 } })
  })
})

describe('changes', () => {
  test('as hints name the leaves that each publish touched', async () => {
    const aborted = new AbortController()
    const hints = hostReader().hints(origin, aborted.signal)
    const taken: (Hint | 'gap')[] = []
    await publish(shop)
    await publisher.heartbeat(2000)
    await publish([endpointsRecord('shop/web/a', []), endpointsRecord('shop/web/b', [])])
    for await (const hint of hints) if (taken.push(hint) === 3) break
    expect(taken.map((hint) => hint !== 'gap' && hint.owners)).toEqual(['reload', [], ['service:shop/web']])
  })

  test('from a position that is not held are a gap', async () => {
    await publish(shop)
    for await (const hint of hostReader().hints({ epoch: 9, revision: 9 }, forever)) expect(hint).toBe('gap')
    expect(await (await get('/v1/changes?after=9-9')).text()).toMatch(/event: gap\n/)
  })

  test('go on from the last event that was seen', async () => {
    await publish(shop)
    await publisher.heartbeat(2000)
    await settled()
    const response = await get('/v1/changes?after=0-0', { 'last-event-id': '1-1' })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('\n\nid: ')) text += (await reader?.read())?.value ?? ''
    expect(text).toMatch(/^: changes\n\nid: 1-2\nevent: entry\n/)
    await reader?.cancel()
  })

  test.each(['', '?after=', '?after=1', '?after=-1-1', `?after=${'1'.repeat(16)}-1`])(
    'after "%s" are refused',
    async (query) => {
      expect((await get(`/v1/changes${query}`)).status).toBe(400)
    },
  )
})
