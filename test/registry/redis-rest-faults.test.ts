import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemTimers } from '../../src/model/clock.node.ts'
import { RedisRestRegistry } from '../../src/registry/redis-rest/redis-rest-registry.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { cluster } from '../contract/registry-samples.ts'
import { systemFetch, TOKEN } from '../support/relay.ts'
import {
  answering,
  type Fault,
  failureOf,
  forever,
  HTML,
  silent,
  stopping,
} from '../support/rogue-answers.ts'
import { type RogueServer, startRogue } from '../support/rogue-server.ts'

const JSON_FIELDS = { 'content-type': 'application/json' }
const json = (status: number, body: unknown) => answering(status, JSON_FIELDS, JSON.stringify(body))

let server: RogueServer
beforeEach(async () => {
  server = await startRogue(silent)
})
afterEach(() => server.close())

function load(silenceMs = 5_000) {
  const registry = new RedisRestRegistry({
    heads: anyHeads,
    url: server.url,
    token: TOKEN,
    cluster,
    fetch: systemFetch,
    timers: systemTimers,
    silenceMs,
    maxAnswerBytes: 1000,
  })
  return failureOf(registry.load(forever))
}

test.each<Fault>([
  ['an error', json(400, { error: 'ERR unknown command' }), 'unreachable', /: ERR unknown command$/],
  [
    'that the token is wrong',
    json(401, { error: 'Unauthorized' }),
    'unreachable',
    /401: the token is wrong$/,
  ],
  ['a page with an error', answering(502, HTML, '<h1>Bad</h1>'), 'unreachable', /: status 502$/],
  ['a page', answering(200, HTML, '<html>'), 'invalid', /: not JSON: <html>$/],
  ['half of it', answering(200, JSON_FIELDS, '[{"result":'), 'invalid', /: not JSON: /],
  ['fewer answers than questions', json(200, [{ result: null }]), 'invalid', /1 answers to 2 commands$/],
  ['an error to one question', json(200, [{ result: null }, { error: 'NOPERM x' }]), 'unreachable', /NOPERM/],
  ['no list', json(200, { result: 1 }), 'invalid', /Redis answered \{"result":1\}$/],
  ['other things', json(200, [{ result: 7 }, { result: [] }]), 'invalid', /Redis answered 7$/],
  ['an unknown schema', json(200, [{ result: '{"schema":2}' }, { result: [] }]), 'invalid', /it is no head/],
  ['too much', answering(200, JSON_FIELDS, ' '.repeat(2000)), 'invalid', /longer than 1000 bytes/],
  ['a connection that closes', (incoming) => incoming.socket.destroy(), 'unreachable', /fetch failed/],
  ['a redirect', answering(307, { location: '/else' }, ''), 'unreachable', /: status 307$/],
])('a Redis that answers by REST with %s is a clear error', async (_what, answer, code, said) => {
  server.answer = answer
  const failure = await load()
  expect([failure.code, failure.message]).toEqual([code, expect.stringMatching(said)])
  expect(failure.message).toMatch(/^Cannot (read|use) /)
  expect(failure.message).not.toContain(TOKEN)
})

test.each([
  ['nothing', silent],
  ['half of it, and then nothing', stopping(JSON_FIELDS, '[', 'silent')],
])('a Redis that answers by REST with %s is given up', async (_what, answer) => {
  server.answer = answer
  expect((await load(50)).message).toMatch(/: nothing came for 50 ms$/)
})
