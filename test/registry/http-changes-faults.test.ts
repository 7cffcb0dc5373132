import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { origin } from '../../src/model/position.ts'
import { HttpHostReader } from '../../src/registry/http/host-reader.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { cluster, route } from '../contract/registry-samples.ts'
import { altered } from '../support/keys.ts'
import { systemFetch, TOKEN } from '../support/relay.ts'
import {
  answering,
  anywhere,
  EVENTS,
  type Fault,
  failureOf,
  forever,
  head,
  impatientReader,
  silent,
  stopping,
} from '../support/rogue-answers.ts'
import { type RogueServer, startRogue } from '../support/rogue-server.ts'

let server: RogueServer
beforeEach(async () => {
  server = await startRogue(silent)
})
afterEach(() => server.close())

const streams: Fault[] = [
  ['a stream that ends', answering(200, EVENTS, ': hello\n\n'), 'unreachable', /the stream of changes ended/],
  [
    'a stream that is cut',
    stopping(EVENTS, ': hello\n\n', 'cut'),
    'unreachable',
    /terminated|other side closed/,
  ],
  ['half an event', answering(200, EVENTS, 'event: entry\ndata: {"he'), 'unreachable', /middle of a line/],
  ['an entry of garbage', answering(200, EVENTS, 'event: entry\ndata: x\n\n'), 'invalid', /not JSON: x$/],
  [
    'an entry of an unknown schema',
    answering(
      200,
      EVENTS,
      `event: entry\ndata: ${JSON.stringify({ head: head.text.replace('"schema":1', '"schema":9'), previous: origin, changes: [] })}\n\n`,
    ),
    'invalid',
    /it is no head/,
  ],
  [
    "another cluster's entry",
    answering(
      200,
      EVENTS,
      `event: entry\ndata: ${JSON.stringify({ head: altered(head, { cluster: 'else' }).text, previous: origin, changes: [] })}\n\n`,
    ),
    'invalid',
    /it is cluster "else"'s/,
  ],
]

test('a relay that ends a stream of hints is a clear error', async () => {
  server.answer = answering(200, EVENTS, ': hello\n\n')
  const hosts = new HttpHostReader({
    heads: anyHeads,
    url: server.url,
    token: TOKEN,
    cluster,
    fetch: systemFetch,
  })
  const first = async (): Promise<unknown> => {
    for await (const hint of hosts.hints(origin, forever)) return hint
  }
  expect(await failureOf(first())).toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/v1\/changes\?after=0-0&hints: the stream of hints ended$/),
  })
})

describe('a relay that answers followers with', () => {
  const first = async (silenceMs?: number): Promise<unknown> => {
    for await (const entry of impatientReader(server.url, silenceMs).entries(origin, forever)) return entry
  }

  test.each([...anywhere, ...streams])('%s is a clear error', async (_what, answer, code, said) => {
    server.answer = answer
    const failure = await failureOf(first())
    expect([failure.code, failure.message]).toEqual([code, expect.stringMatching(said)])
  })

  test('no keep-alive is given up', async () => {
    server.answer = stopping(EVENTS, ': hello\n\n', 'silent')
    expect((await failureOf(first(50))).message).toMatch(/: nothing came for 50 ms$/)
  })

  test('events of kinds that are not known yet is read on', async () => {
    const entry = `event: entry\ndata: ${JSON.stringify({ head: head.text, previous: origin, changes: [['route', 'a', null]] })}\n\n`
    server.answer = answering(200, EVENTS, `event: news\ndata: {}\n\nretry: 5\n\n${entry}`)
    expect(await first()).toEqual({ head, previous: origin, changes: [route('a', null)] })
  })
})
