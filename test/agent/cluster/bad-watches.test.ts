import { describe, expect, test } from 'vitest'
import {
  type Answer,
  events,
  eventsOnly,
  json,
  page,
  silent,
  status,
  text,
} from '../../support/scripted-api.ts'
import { reflected, service, typed } from './reflected.ts'

const AT = 'at http://127.0.0.1'
const WATCH = `Cannot watch /api/v1/services ${AT}`
const NO_EVENT = `${WATCH}: a line is no event of a Service`
const both = page('Service', [service('a'), service('b')])
const news = ['MODIFIED', typed(service('a', '15'))] as const

const nonsense: readonly (readonly [title: string, answer: Answer, said: string])[] = [
  ['HTML', text('<html>\n'), `${WATCH}: the answer is not JSON: "<html>"`],
  [
    'an unknown type',
    events(['RENAMED', typed(service('a'))]),
    `${NO_EVENT}: type: Invalid type: Expected (("ADDED" | "MODIFIED" | "DELETED") | "BOOKMARK" | "ERROR") but received "RENAMED"`,
  ],
  [
    'an object of another kind',
    events(['ADDED', typed(service('a'), 'Pod')]),
    `${NO_EVENT}: object.kind: Invalid type: Expected "Service" but received "Pod"`,
  ],
  [
    'an object without a name',
    events(['DELETED', typed({ metadata: { namespace: 'shop', resourceVersion: '12' } })]),
    `${NO_EVENT}: object.metadata.name: Invalid key: Expected "name" but received undefined`,
  ],
  [
    'an object without a version',
    events(['DELETED', typed({ metadata: { name: 'a', namespace: 'shop' } })]),
    `${NO_EVENT}: object.metadata.resourceVersion: Invalid key: Expected "resourceVersion" but received undefined`,
  ],
  [
    'a bookmark without a version',
    events(['BOOKMARK', typed({ metadata: {} })]),
    `${NO_EVENT}: object.metadata.resourceVersion: Invalid key: Expected "resourceVersion" but received undefined`,
  ],
  [
    'a bookmark of no version',
    events(['BOOKMARK', typed({ metadata: { resourceVersion: '' } })]),
    `${NO_EVENT}: object.metadata.resourceVersion: Invalid length: Expected !0 but received 0`,
  ],
  [
    'an error of the server',
    events(['ERROR', status(500, 'etcd is away')]),
    'Cannot watch /api/v1/services: etcd is away',
  ],
  [
    'an error that is none',
    events(['ERROR', 'sorry']),
    'Cannot watch /api/v1/services: it ended with an error that cannot be read',
  ],
  ['a refusal for now', json(status(503, 'starting'), 503), `${WATCH}: 503: starting`],
  ['a connection cut in the midst of a line', cutInMidst, `${WATCH}: other side closed`],
  [
    'a line that is cut off in order',
    text('{"type":"DEL'),
    'Cannot watch /api/v1/services: the watch ended at once',
  ],
  ['an end at once', text(''), 'Cannot watch /api/v1/services: the watch ended at once'],
]

function cutInMidst(response: Parameters<Answer>[0]): void {
  response.writeHead(200).write('{"type":"DELETED","obj', () => response.destroy())
}

describe('a watch that is nonsense is said, loses nothing, and goes on from where it was', () => {
  test.each(nonsense)('%s', async (_title, bad, said) => {
    const { seen, troubles, asked, until } = await reflected({ lists: [both], watches: [bad, events(news)] })
    await until(() => expect(seen.log).toHaveLength(3))
    expect(seen.log).toEqual(['put Service/shop/a', 'put Service/shop/b', 'put Service/shop/a'])
    expect(asked).toEqual(['list', 'watch 10', 'watch 10'])
    expect(troubles).toEqual([said])
  })
})

describe('a watch from a version that is no longer known', () => {
  test.each([
    ['as an event', events(['ERROR', status(410, 'too old resource version')])],
    ['as an answer', json(status(410, 'too old resource version'), 410)],
  ])('leads to a list, which is ordinary: %s', async (_title, gone) => {
    const after = page('Service', [service('b'), service('c')], { version: '20' })
    const { seen, troubles, asked, until } = await reflected({
      lists: [both, after],
      watches: [gone, silent],
    })
    await until(() => expect(asked).toEqual(['list', 'watch 10', 'list', 'watch 20']))
    expect([...seen.objects.keys()]).toEqual(['Service/shop/b', 'Service/shop/c'])
    expect(troubles).toEqual([])
  })

  test('is said when the next one is no better', async () => {
    const gone = events(['ERROR', status(410, 'too old resource version')])
    const { troubles, until } = await reflected({ lists: [both], watches: [gone, gone, silent] })
    await until(() => expect(troubles).toEqual(['Cannot watch /api/v1/services: too old resource version']))
  })
})

test('an event that comes twice is taken once', async () => {
  const next = ['ADDED', typed(service('c', '16'))] as const
  const { seen, troubles, until } = await reflected({ lists: [both], watches: [events(news, news, next)] })
  await until(() => expect(seen.objects.has('Service/shop/c')).toBe(true))
  expect(seen.log).toEqual([
    ...['put Service/shop/a', 'put Service/shop/b', 'put Service/shop/a', 'put Service/shop/c'],
  ])
  expect(troubles).toEqual([])
})

test.each([
  ['of an object that is held', ['MODIFIED', typed(service('a', '9', 'NodePort'))]],
  ['of one that is gone', ['ADDED', typed(service('gone', '14'))]],
] as const)('an event out of order, %s, is not taken: what was missed is listed', async (_title, late) => {
  const after = page('Service', [service('a', '15'), service('c', '16')], { version: '20' })
  const { seen, troubles, asked, until } = await reflected({
    lists: [both, after],
    watches: [events(news, late), silent],
  })
  await until(() => expect(asked).toEqual(['list', 'watch 10', 'list', 'watch 20']))
  expect([...seen.objects.keys()]).toEqual(['Service/shop/a', 'Service/shop/c'])
  const version = late[1].metadata.resourceVersion
  expect(troubles).toEqual([`Cannot watch /api/v1/services: an event of version ${version} came after 15`])
})

test('a watch that is forbidden leads to lists, again and again', async () => {
  const forbidden = json(status(403, 'services is forbidden'), 403)
  const { seen, troubles, asked, until } = await reflected({
    lists: [both, page('Service', [service('b')], { version: '20' })],
    watches: [forbidden, forbidden, silent],
  })
  await until(() => expect(asked).toEqual(['list', 'watch 10', 'list', 'watch 20', 'list', 'watch 20']))
  expect([...seen.objects.keys()]).toEqual(['Service/shop/b'])
  expect(troubles).toEqual(Array(2).fill(`${WATCH}: 403: services is forbidden`))
})

test('a watch that ends at once again and again is paused for longer each time, and at last listed', async () => {
  const end = text('')
  const { asked, delaysMs, until } = await reflected({
    lists: [both],
    watches: [...Array<Answer>(8).fill(end), silent],
  })
  const listedAnew = Array(4).fill(['list', 'watch 10']).flat()
  await until(() => expect(asked).toEqual(['list', ...Array(5).fill('watch 10'), ...listedAnew]))
  expect(delaysMs).toEqual([150, 300, 600, 1200, 2400, 4800, 9600, 19_200])
})

test('a watch that tells something and breaks off at once is paused for longer each time too', async () => {
  const teller = eventsOnly(['MODIFIED', typed(service('a', '15'))])
  const { delaysMs, until } = await reflected({ lists: [both], watches: [...Array(4).fill(teller), silent] })
  await until(() => expect(delaysMs).toHaveLength(4))
  expect(delaysMs).toEqual([150, 300, 600, 1200])
})

test('a watch that lasted is not held against the next one', async () => {
  const state: { pass?: () => void } = {}
  const lasting: Answer = (response) => {
    response.writeHead(200).flushHeaders()
    state.pass = () => response.end()
  }
  const { asked, delaysMs, time, troubles, until } = await reflected({
    lists: [both],
    watches: [text(''), text(''), lasting, silent],
  })
  await until(() => expect(state.pass).toBeDefined())
  time.elapsed += 300_000
  state.pass?.()
  await until(() => expect(asked).toEqual(['list', 'watch 10', 'watch 10', 'watch 10', 'watch 10']))
  expect(delaysMs).toEqual([150, 300, 75])
  expect(troubles).toHaveLength(2)
})

test('a watch that is silent for too long is given up, and what it missed is listed', async () => {
  const { seen, troubles, asked, until } = await reflected(
    { lists: [both, page('Service', [service('b')], { version: '20' })], watches: [silent] },
    { timeouts: { answerMs: 5_000, silenceMs: 50 } },
  )
  await until(() => expect(asked.slice(0, 4)).toEqual(['list', 'watch 10', 'list', 'watch 20']))
  expect([...seen.objects.keys()]).toEqual(['Service/shop/b'])
  expect(troubles[0]).toBe(`${WATCH}: Body Timeout Error`)
})

describe('events', () => {
  test('that come twice are taken once', async () => {
    const added = ['ADDED', typed(service('c', '12'))] as const
    const { seen, asked, until } = await reflected({
      lists: [both],
      watches: [
        eventsOnly(added, added),
        events(added, ['BOOKMARK', typed({ metadata: { resourceVersion: '30' } })]),
      ],
    })
    await until(() => expect(asked).toEqual(['list', 'watch 10', 'watch 12']))
    await until(() =>
      expect(seen.log).toEqual(['put Service/shop/a', 'put Service/shop/b', 'put Service/shop/c']),
    )
  })

  test('a bookmark moves the place to go on from', async () => {
    const bookmark = ['BOOKMARK', typed({ metadata: { resourceVersion: '30' } })] as const
    const { asked, until } = await reflected({ lists: [both], watches: [eventsOnly(bookmark), silent] })
    await until(() => expect(asked).toEqual(['list', 'watch 10', 'watch 30']))
  })
})
