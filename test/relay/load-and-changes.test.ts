import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { origin } from '../../src/model/position.ts'
import { decodeHeadField } from '../../src/registry/http/wire.ts'
import type { Hint } from '../../src/registry/port.ts'
import { statementOf } from '../support/keys.ts'
import { endpointsRecord, routeRecord } from '../support/records.ts'
import { RelayedRegistry, shop } from '../support/relayed-registry.ts'

let relayed: RelayedRegistry
const forever = new AbortController().signal

beforeEach(async () => {
  relayed = await RelayedRegistry.start()
})
afterEach(() => relayed.close())

describe('a full load', () => {
  test('has an ETag, and is not sent again', async () => {
    await relayed.publish(shop)
    const first = await relayed.get('/v1/registry')
    const etag = first.headers.get('etag') ?? ''
    expect((await first.text()).trimEnd().split('\n')).toHaveLength(shop.length + 2)
    const again = await relayed.get('/v1/registry', { 'if-none-match': `"x", ${etag}` })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const head = statementOf(decodeHeadField(again.headers.get('postern-head')) ?? '')
    expect(head?.root).toBe(etag.slice(3, -1))
  })

  test('is compressed for those who can read it, and the same for those who cannot', async () => {
    await relayed.publish(
      Array.from({ length: 500 }, (_, index) => routeRecord(`h${index}.example`, 'shop/web:80')),
    )
    const packed = await relayed.get('/v1/registry')
    const plain = await relayed.get('/v1/registry', { 'accept-encoding': 'identity' })
    expect([packed.headers.get('content-encoding'), plain.headers.get('content-encoding')]).toEqual([
      'gzip',
      null,
    ])
    expect(await packed.text()).toBe(await plain.text())
  })

  test('with a newer head is still the same load', async () => {
    await relayed.publish(shop)
    await (await relayed.get('/v1/registry')).text()
    await relayed.heartbeat(2000)
    const head = decodeHeadField((await relayed.get('/v1/registry')).headers.get('postern-head'))
    expect(statementOf(head ?? '')).toMatchObject({ observedAt: 2000, position: { epoch: 1, revision: 2 } })
  })
})

describe('changes', () => {
  test('as hints name the leaves that each publish touched', async () => {
    const aborted = new AbortController()
    const hints = relayed.hosts().hints(origin, aborted.signal)
    const taken: (Hint | 'gap')[] = []
    await relayed.publish(shop)
    await relayed.heartbeat(2000)
    await relayed.publish([endpointsRecord('shop/web/a', []), endpointsRecord('shop/web/b', [])])
    for await (const hint of hints) if (taken.push(hint) === 3) break
    expect(taken.map((hint) => hint !== 'gap' && hint.owners)).toEqual(['reload', [], ['service:shop/web']])
  })

  test('from a position that is not held are a gap', async () => {
    await relayed.publish(shop)
    for await (const hint of relayed.hosts().hints({ epoch: 9, revision: 9 }, forever))
      expect(hint).toBe('gap')
    expect(await (await relayed.get('/v1/changes?after=9-9')).text()).toMatch(/event: gap\n/)
  })

  test('go on from the last event that was seen', async () => {
    await relayed.publish(shop)
    await relayed.heartbeat(2000)
    const response = await relayed.get('/v1/changes?after=0-0', { 'last-event-id': '1-1' })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('\n\nid: ')) text += (await reader?.read())?.value ?? ''
    expect(text).toMatch(/^: changes\n\nid: 1-2\nevent: entry\n/)
    await reader?.cancel()
  })

  test.each(['', '?after=', '?after=1', '?after=-1-1', `?after=${'1'.repeat(16)}-1`])(
    'after "%s" are refused',
    async (query) => {
      expect((await relayed.get(`/v1/changes${query}`)).status).toBe(400)
    },
  )
})
