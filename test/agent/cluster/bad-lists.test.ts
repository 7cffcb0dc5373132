import { describe, expect, test } from 'vitest'
import { type Answer, events, json, page, status, text } from '../../support/scripted-api.ts'
import { reflected, service } from './reflected.ts'

const AT = 'at http://127.0.0.1'
const LIST = `Cannot list /api/v1/services ${AT}`
const NO_LIST = `${LIST}: the answer is no ServiceList`
const good = page('Service', [service('a'), service('b')])
const gone = events(['ERROR', status(410, 'too old resource version')])

const nonsense: readonly (readonly [title: string, answer: Answer, said: string])[] = [
  ['HTML', text('<html>hello'), `${LIST}: the answer is not JSON: "<html>hello"`],
  ['nothing', text(''), `${LIST}: the answer is not JSON: ""`],
  [
    'truncated JSON',
    text('{"kind":"ServiceList","metadata":{"resourceVersion":"9"},"items":[{"meta'),
    `${LIST}: the answer is not JSON: "{\\"kind\\":\\"ServiceList\\",\\"metadata\\":{\\"resourceVersion\\":\\"9\\"},\\"items\\":[{\\"meta"`,
  ],
  [
    'a list without metadata',
    json({ kind: 'ServiceList', items: [] }),
    `${NO_LIST}: metadata: Invalid key: Expected "metadata" but received undefined`,
  ],
  [
    'a list without a version',
    page('Service', [], { version: '' }),
    `${NO_LIST}: metadata.resourceVersion: Invalid length: Expected !0 but received 0`,
  ],
  [
    'a list of any version',
    page('Service', [], { version: '0' }),
    `${NO_LIST}: metadata.resourceVersion: Invalid value: Expected !"0" but received "0"`,
  ],
  [
    'a list of another kind',
    page('Pod', []),
    `${NO_LIST}: kind: Invalid type: Expected "ServiceList" but received "PodList"`,
  ],
  [
    'a Status that says 200',
    json(status(200, 'fine')),
    `${NO_LIST}: kind: Invalid type: Expected "ServiceList" but received "Status"`,
  ],
  [
    'items that are none',
    json({ kind: 'ServiceList', metadata: { resourceVersion: '9' }, items: 'many' }),
    `${NO_LIST}: items: Invalid type: Expected Array but received "many"`,
  ],
  [
    'an object without a name',
    page('Service', [service('a'), { metadata: { namespace: 'shop', resourceVersion: '2' } }]),
    `${NO_LIST}: items.1.metadata.name: Invalid key: Expected "name" but received undefined`,
  ],
  [
    'an object without its namespace',
    page('Service', [{ metadata: { name: 'a', resourceVersion: '2' } }]),
    `${NO_LIST}: items.0.metadata.namespace: Invalid key: Expected "namespace" but received undefined`,
  ],
  ['a refusal', json(status(403, 'services is forbidden'), 403), `${LIST}: 403: services is forbidden`],
  [
    'a refusal by something else',
    text('<html>\n\x1b[2J  Bad\tGateway</html>', 502),
    `${LIST}: 502: <html> [2J Bad Gateway</html>`,
  ],
  ['an endless refusal', endless(500), `${LIST}: 500: no reason is given`],
  [
    'a redirect',
    (response) => response.writeHead(302, { location: '/' }).end(),
    `${LIST}: 302: no reason is given`,
  ],
  ['a connection cut in the midst', cut, `${LIST}: other side closed`],
  [
    'an answer that is no HTTP',
    (response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'),
    `Cannot reach the API server ${AT}: Response does not match the HTTP/1.1 protocol (Expected HTTP/, RTSP/ or ICE/)`,
  ],
]

function cut(response: Parameters<Answer>[0]): void {
  response.writeHead(200, { 'content-length': 1000 }).write('{"kind"', () => response.destroy())
}

function endless(code: number): Answer {
  return (response) => {
    response.writeHead(code)
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(65_536), more)
    }
    more()
  }
}

describe('a list that is nonsense is said, and changes nothing', () => {
  test.each(nonsense)('%s', async (_title, bad, said) => {
    const after = page('Service', [service('b', '2')], { version: '20' })
    const { seen, troubles, asked, until } = await reflected({
      lists: [good, bad, after],
      watches: [gone, events()],
    })
    await until(() => expect(asked).toContain('watch 20'))
    expect(troubles).toEqual([said])
    expect(seen.log).toEqual([
      'put Service/shop/a',
      'put Service/shop/b',
      'delete Service/shop/a',
      'put Service/shop/b',
    ])
  })

  test('from the start: nothing is given, with growing pauses, until it is in its right mind', async () => {
    const bad = text('<html>')
    const { seen, state, delaysMs, until } = await reflected({
      lists: [...Array<Answer>(10).fill(bad), good],
    })
    await until(() => expect(state.lists).toBe(1))
    expect(seen.log).toEqual(['put Service/shop/a', 'put Service/shop/b'])
    expect(delaysMs).toEqual([150, 300, 600, 1200, 2400, 4800, 9600, 19_200, 22_500, 22_500])
  })
})

test('a list that is suddenly empty is asked for again before it is believed', async () => {
  const empty = page('Service', [])
  const once = await reflected({ lists: [good, empty, good], watches: [gone, events()] })
  await once.until(() => expect(once.state.lists).toBe(2))
  expect(once.seen.log).toEqual(['put Service/shop/a', 'put Service/shop/b'])

  const twice = await reflected({ lists: [good, empty, empty], watches: [gone, events()] })
  await twice.until(() => expect(twice.state.lists).toBe(2))
  expect([...twice.seen.objects.keys()]).toEqual([])
})

describe('pages', () => {
  test('are taken together', async () => {
    const { seen, asked, until } = await reflected({
      lists: [
        page('Service', [service('a')], { next: 'p2' }),
        page('Service', [service('b')], { version: '11' }),
      ],
    })
    await until(() => expect(asked).toEqual(['list', 'list p2', 'watch 11']))
    expect(seen.log).toEqual(['put Service/shop/a', 'put Service/shop/b'])
  })

  test('are begun anew when their token has expired; nothing of the first try is left', async () => {
    const { seen, troubles, asked, until } = await reflected({
      lists: [
        page('Service', [service('a')], { next: 'p2' }),
        json(status(410, 'The provided continue parameter is too old'), 410),
        page('Service', [service('c')], { next: 'p3' }),
        page('Service', [service('d')]),
      ],
    })
    await until(() => expect(asked).toEqual(['list', 'list p2', 'list', 'list p3', 'watch 10']))
    expect(seen.log).toEqual(['put Service/shop/c', 'put Service/shop/d'])
    expect(troubles).toEqual([])
  })

  test('whose token expires again and again are told', async () => {
    const expired = json(status(410, 'The provided continue parameter is too old'), 410)
    const { troubles, until } = await reflected({
      lists: [...Array<Answer>(3).fill(expired), good],
    })
    await until(() => expect(troubles).toHaveLength(2))
    expect(troubles[0]).toBe(`${LIST}: 410: The provided continue parameter is too old`)
  })

  test('that name themselves as the next are refused', async () => {
    const loop = page('Service', [service('x')], { next: 'same' })
    const { seen, troubles, until } = await reflected({ lists: [loop, loop, good] })
    await until(() => expect([...seen.objects.keys()]).toEqual(['Service/shop/a', 'Service/shop/b']))
    expect(troubles).toEqual(['Cannot list /api/v1/services: a page names itself as the next one'])
  })

  test('without end are refused, and leave nothing behind', async () => {
    let pages = 0
    const endlessly: Answer = (response, query) => {
      if (pages >= 1_000) return good(response, query)
      page('Service', [service(`x-${pages++}`)], { next: `p${pages}` })(response, query)
    }
    const { seen, troubles, until } = await reflected({ lists: [endlessly] })
    await until(() => expect(seen.log).toEqual(['put Service/shop/a', 'put Service/shop/b']))
    expect(troubles).toEqual(['Cannot list /api/v1/services: there is no end after 1000 pages'])
  })
})

test('a Service that is already held is not given again', async () => {
  const { seen, state, until } = await reflected({ lists: [good], watches: [gone, events()] })
  await until(() => expect(state.lists).toBe(2))
  expect(seen.log).toEqual(['put Service/shop/a', 'put Service/shop/b'])
})
