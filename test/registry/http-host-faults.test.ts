import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HttpHostReader } from '../../src/registry/http/host-reader.ts'
import { encodeHeadField } from '../../src/registry/http/wire.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { cluster } from '../contract/registry-samples.ts'
import { altered } from '../support/keys.ts'
import { systemFetch, TOKEN } from '../support/relay.ts'
import {
  answering,
  type Fault,
  failureOf,
  forever,
  HTML,
  head,
  otherHead,
  silent,
} from '../support/rogue-answers.ts'
import { type RogueServer, startRogue } from '../support/rogue-server.ts'

let server: RogueServer
beforeEach(async () => {
  server = await startRogue(silent)
})
afterEach(() => server.close())

describe('one host', () => {
  const hosts = () =>
    new HttpHostReader({
      heads: anyHeads,
      url: server.url,
      token: TOKEN,
      cluster,
      fetch: systemFetch,
      maxBundleBytes: 1000,
    })
  const read = (etag?: string) => failureOf(hosts().readHost('a.example', etag, forever))
  const json = (body: object | string) =>
    answering(
      200,
      { 'content-type': 'application/json' },
      typeof body === 'string' ? body : JSON.stringify(body),
    )

  test.each<Fault>([
    [
      'no leaves',
      json({ head: head.text, leaves: [] }),
      'invalid',
      /host:a\.example is neither there nor proven absent/,
    ],
    [
      'an absence that is not proven',
      json({ head: head.text, leaves: [{ owner: 'host:a.example', siblings: [], end: { type: 'empty' } }] }),
      'invalid',
      /host:a\.example does not fit the head at 1-1/,
    ],
    [
      'a proof that is longer than any',
      json({
        head: head.text,
        leaves: [{ owner: 'o', siblings: Array(257).fill(''), end: { type: 'empty' } }],
      }),
      'invalid',
      /longer than 1000 bytes|field leaves/,
    ],
    ['half of it', json('{"head":'), 'invalid', /not JSON: \{"head":$/],
    ['too much', json(' '.repeat(2000)), 'invalid', /longer than 1000 bytes/],
    [
      'an unknown schema',
      json({ head: head.text.replace('"schema":1', '"schema":9'), leaves: [] }),
      'invalid',
      /field head\.schema/,
    ],
    [
      "another cluster's head",
      json({ head: altered(head, { cluster: 'else' }).text, leaves: [] }),
      'invalid',
      /it is cluster "else"'s/,
    ],
    ['a page', answering(200, HTML, ''), 'invalid', /the answer is text\/html/],
  ])('that comes with %s is refused', async (_what, answer, code, said) => {
    server.answer = answer
    expect(await read()).toMatchObject({ code, message: said })
  })

  test('that is not modified at another root is refused', async () => {
    server.answer = answering(304, { 'postern-head': encodeHeadField(otherHead) }, '')
    expect(await read(head.root)).toMatchObject({ code: 'invalid', message: /has another root/ })
    server.answer = answering(304, {}, '')
    expect(await read(head.root)).toMatchObject({ code: 'invalid', message: /it is no head/ })
  })

  test.each(['a'.repeat(10_240), '192.0.2.1', '*.example', '', '../registry'])(
    '"%.20s" is not asked for',
    async (host) => {
      expect(await failureOf(hosts().readHost(host, undefined, forever))).toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/^Cannot read host ".{0,253}": it is no hostname$/),
      })
    },
  )
})
