import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemTimers } from '../../src/model/clock.node.ts'
import { RelayClient } from '../../src/registry/http/client.ts'
import { HttpRegistry } from '../../src/registry/http/http-registry.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { cluster } from '../contract/registry-samples.ts'
import { refusedPort } from '../support/free-port.ts'
import { systemFetch, TOKEN } from '../support/relay.ts'
import {
  anywhere,
  failureOf,
  forever,
  impatientReader,
  loads,
  NDJSON,
  silent,
  stopping,
  whole,
} from '../support/rogue-answers.ts'
import { type RogueServer, startRogue } from '../support/rogue-server.ts'

let server: RogueServer
beforeEach(async () => {
  server = await startRogue(silent)
})
afterEach(() => server.close())

describe('a relay that answers a load with', () => {
  test.each([...anywhere, ...loads])('%s is a clear error', async (_what, answer, code, said) => {
    server.answer = answer
    const failure = await failureOf(impatientReader(server.url).load(forever))
    expect([failure.code, failure.message]).toEqual([code, expect.stringMatching(said)])
    expect(failure.message).toMatch(/^Cannot (read|use) /)
    expect(failure.message).not.toContain(TOKEN)
  })

  test.each([
    ['nothing at all', silent],
    ['half of it, and then nothing', stopping(NDJSON, whole.slice(0, -5), 'silent')],
  ])('%s is given up', async (_what, answer) => {
    server.answer = answer
    expect(await failureOf(impatientReader(server.url, 50).load(forever))).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/: nothing came for 50 ms$/),
    })
  })

  test('nobody there is a clear error', async () => {
    const url = `http://127.0.0.1:${await refusedPort()}`
    const gone = new HttpRegistry({
      heads: anyHeads,
      url,
      token: TOKEN,
      cluster,
      fetch: systemFetch,
      timers: systemTimers,
    })
    expect(await failureOf(gone.load(forever))).toMatchObject({
      message: /ECONNREFUSED/,
      code: 'unreachable',
    })
  })
})

test('a token that no field can carry is refused before it is sent, and not repeated', () => {
  const token = 'secret\r\nx-evil: 1'
  const make = () =>
    new HttpRegistry({
      heads: anyHeads,
      url: 'http://a',
      token,
      cluster,
      fetch: systemFetch,
      timers: systemTimers,
    })
  expect(make).toThrow(/Cannot use the token of http:\/\/a: a token consists of/)
  expect(make).not.toThrow(/secret/)
})

test('of an answer with many faults the first is looked for, and no more', () => {
  const client = new RelayClient({
    heads: anyHeads,
    url: 'http://a',
    token: undefined,
    cluster,
    fetch: systemFetch,
  })
  let looks = 0
  const fault = v.pipe(
    v.number(),
    v.check(() => ++looks < 1, 'wrong'),
  )
  expect(() => client.parse('v1', v.array(fault), '[1,2,3]')).toThrow(
    'Cannot read http://a/v1: field 0: wrong',
  )
  expect(looks).toBe(1)
})
