import { expect, test } from 'vitest'
import { AuthBook } from '../../../src/gateway/access/auth-book.ts'
import { type AuthAnswer, type AuthAsk, readAnswer } from '../../../src/gateway/access/auth-call.ts'
import { AUTH_CALL_TURNS, Turns, TurnsApart } from '../../../src/gateway/turns.ts'
import type { AuthCallPolicy } from '../../../src/model/access-policy.ts'
import { nodeDigest } from '../../../src/registry/digest.node.ts'
import { ManualTime } from '../../support/manual-time.ts'

const CACHED: AuthCallPolicy = {
  url: 'https://auth.example.test/verify?secret=1',
  fields: ['X-User'],
  cache: { forMs: 60_000, by: [{ in: 'header', name: 'cookie' }] },
}

function bookOf(answer: (signal: AbortSignal) => Promise<Partial<AuthAnswer>>) {
  const time = new ManualTime()
  const state = { asked: 0 }
  const troubles: string[] = []
  const book = new AuthBook({
    clock: time.clock,
    timers: time.timers,
    digest: nodeDigest,
    turns: new TurnsApart(() => new Turns({ ...AUTH_CALL_TURNS, clock: time.clock })),
    call: async (_request, signal) => {
      state.asked++
      return { status: 200, fields: [], body: new Uint8Array(), ...(await answer(signal)) }
    },
    onTrouble: ({ message, cause }) => troubles.push(`${message}: ${(cause as Error).message}`),
  })
  const ask = async (question: AuthAsk) => {
    const known = book.verdict(question)
    if (known === undefined)
      return (await book.ask(question, question.facts.clientAddress)) ?? book.verdict(question)?.type
    return `known ${known.type}`
  }
  return { time, state, troubles, ask }
}

function about({
  cookie = 'a=1',
  service = 's',
  uri = '/',
  policy = CACHED,
  client = '192.0.2.1',
} = {}): AuthAsk {
  const fields = cookie === '' ? [] : ['cookie', cookie]
  return {
    policy,
    service,
    uri,
    head: {
      method: 'GET',
      target: uri,
      hosts: ['a.test'],
      fields,
      field: (name) => (name === 'cookie' && cookie !== '' ? cookie : undefined),
    },
    facts: {
      authority: 'a.test',
      hostRewrite: undefined,
      peerAddress: client,
      clientAddress: client,
      scheme: 'http',
      isTrusted: false,
      strippedPrefix: undefined,
      claims: undefined,
      requestId: '',
      httpVersion: '1.1',
      maxForwards: undefined,
    },
  }
}

test('a kept answer is of one Service, one proof, one place and one client', async () => {
  const { time, state, ask } = bookOf(async () => ({}))
  expect(await ask(about())).toBe('admitted')
  expect(await ask(about())).toBe('known admitted')
  for (const other of [
    { service: 't' },
    { cookie: 'a=2' },
    { uri: '/?a' },
    { client: '192.0.2.2' },
    { cookie: '' },
  ]) {
    expect(await ask(about(other)), JSON.stringify(other)).toBe('admitted')
  }
  expect(state.asked).toBe(6)
  time.pass(60_000)
  expect(await ask(about())).toBe('admitted')
  expect(state.asked).toBe(7)
})

test('no answer in time is none, and the query of its URL is not told', async () => {
  const { time, troubles, ask } = bookOf(
    (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )
  const answer = ask(about())
  await Promise.resolve()
  time.pass(5_000)
  expect(await answer).toBe('unavailable')
  expect(troubles).toEqual([
    'Cannot ask https://auth.example.test/verify about a request: no answer within 5000 ms',
  ])
})

test('a client that floods a slow auth server takes no turn of other clients, nor of another Service', async () => {
  const never = new Promise<never>(() => {})
  const state = { isSlow: true }
  const { ask } = bookOf(async () => (state.isSlow ? await never : {}))
  const said: unknown[] = []
  for (let i = 0; i < 400; i++) void ask(about({ uri: `/${i}` })).then((one) => said.push(one))
  // 16 are under way, and 32 wait.
  await expect.poll(() => said.length).toBe(352)
  expect(new Set(said)).toEqual(new Set(['checks-busy']))
  state.isSlow = false
  expect(await ask(about({ client: '192.0.2.2' }))).toBe('admitted')
  expect(await ask(about({ service: 't' }))).toBe('admitted')
})

test.each([204, 206])('%i lets in', async (status) => {
  expect(await bookOf(async () => ({ status })).ask(about())).toBe('admitted')
})

test.each([100, 301, 400, 404, 407, 500])('%i says nothing', async (status) => {
  expect(await bookOf(async () => ({ status })).ask(about())).toBe('unavailable')
})

test('a field that could be read in two ways does not go on', async () => {
  const fields = ['x-user', 'al\nice', 'x-user', 'ö', 'X-USER', 'bob', 'set-cookie', 'a=\0']
  const verdict = readAnswer(about(), { status: 200, fields, body: new Uint8Array() })
  expect(verdict).toEqual({ type: 'admitted', fields: ['X-User', 'bob'], answerFields: [] })
})
