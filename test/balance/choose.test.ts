import fc from 'fast-check'
import { expect, test } from 'vitest'
import { choose } from '../../src/balance/choose.ts'
import type { BalanceState, Choice, Endpoint } from '../../src/balance/endpoint.ts'
import { hashText } from '../../src/balance/rendezvous.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import type { Random } from '../../src/model/clock.ts'
import type { ServiceRecord } from '../../src/model/records.ts'
import { frozenClock } from '../contract/registry-samples.ts'

const SERVICE = 'shop/web:80'

const endpoints = (count: number): Endpoint[] =>
  Array.from({ length: count }, (_, index) => {
    const address = `10.0.0.${index + 1}`
    const key = `${address}:80`
    const facts = { pod: undefined, node: undefined, zone: undefined, isFar: false, guards: [] }
    return { key, address, port: 80, hash: hashText(key), ...facts }
  })

function pick(
  balance: ServiceRecord['balance'],
  candidates: readonly Endpoint[],
  state: BalanceState,
  random: Random,
  tried: readonly Endpoint[],
): Endpoint | undefined {
  const service = { key: SERVICE, record: { balance } }
  return choose({ service, candidates, affinity: undefined }, state, random, tried)
}

const balances = ['least-request', 'round-robin'] as const
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

function takingTurns(key: string): Choice['service'] {
  return { key, record: { balance: 'round-robin' } }
}

function busy(state: GatewayState, endpoint: Endpoint | undefined, times: number): void {
  for (let i = 0; i < times; i++) state.attemptBegan(takingTurns('other'), endpoint?.key ?? '', false)
}

test.each(balances)('%s never takes one that was tried, and ends when all were', (balance) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 }), fc.array(draw, { minLength: 1 }), (count, draws) => {
      const state = new GatewayState(frozenClock)
      const tried: Endpoint[] = []
      let turn = 0
      const random = () => draws[turn++ % draws.length] ?? 0
      for (;;) {
        // Fresh objects each time, as after a table was swapped.
        const next = pick(balance, endpoints(count), state, random, tried)
        if (next === undefined) break
        expect(tried.map((endpoint) => endpoint.key)).not.toContain(next.key)
        state.attemptBegan(takingTurns(SERVICE), next.key, tried.length > 0)
        tried.push(next)
      }
      expect(tried).toHaveLength(count)
    }),
  )
})

test('least-request takes the idle one of two, whatever the dice say', () => {
  fc.assert(
    fc.property(draw, fc.integer({ min: 0, max: 1 }), (value, idle) => {
      const state = new GatewayState(frozenClock)
      const pair = endpoints(2)
      busy(state, pair[1 - idle], 1)
      expect(pick('least-request', pair, state, () => value, [])).toBe(pair[idle])
    }),
  )
})

test('least-request never takes the one endpoint that is busier than all others', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(), draw, draw, (count, nat, first, second) => {
      const state = new GatewayState(frozenClock)
      const all = endpoints(count)
      const busiest = all[nat % count]
      busy(state, busiest, 3)
      const draws = [first, second]
      const taken = pick('least-request', all, state, () => draws.shift() ?? 0, [])
      expect(taken).not.toBe(busiest)
    }),
  )
})

test('least-request reaches every endpoint when all are idle', () => {
  const all = endpoints(5)
  const taken = new Set<Endpoint | undefined>()
  for (let i = 0; i < 5; i++) {
    taken.add(pick('least-request', all, new GatewayState(frozenClock), () => (i + 0.5) / 5, []))
  }
  expect(taken).toEqual(new Set(all))
})

test('round-robin gives each endpoint the same share', () => {
  const state = new GatewayState(frozenClock)
  const counts = new Map<string, number>()
  for (let i = 0; i < 12; i++) {
    const taken = pick('round-robin', endpoints(4), state, () => 0, [])
    if (taken === undefined) throw new Error('nothing was chosen')
    state.attemptBegan(takingTurns(SERVICE), taken.key, false)
    counts.set(taken.key, (counts.get(taken.key) ?? 0) + 1)
  }
  expect([...counts.values()]).toEqual([3, 3, 3, 3])
})

test('the turns of one service do not move those of another', () => {
  const state = new GatewayState(frozenClock)
  const all = endpoints(3)
  state.attemptBegan(takingTurns('shop/other:80'), 'elsewhere', false)
  expect(pick('round-robin', all, state, () => 0, [])).toBe(all[0])
})

test.each(balances)('%s rolls no dice for a single endpoint', (balance) => {
  const random = () => {
    throw new Error('not needed')
  }
  const [only] = endpoints(1)
  expect(pick(balance, endpoints(1), new GatewayState(frozenClock), random, [])).toEqual(only)
})

test.each(balances)('%s leaves a suspect alone while there is another, and for a limited time', (balance) => {
  let now = 0
  const state = new GatewayState({ elapsed: () => now })
  const all = endpoints(3)
  const [first, second, third] = all.map(({ key }) => key)
  const chosen = () => {
    const keys = new Set<string | undefined>()
    for (let i = 0; i < 60; i++) {
      const endpoint = pick(balance, all, state, () => (i % 20) / 20, [])
      keys.add(endpoint?.key)
      state.attemptBegan(takingTurns(SERVICE), endpoint?.key ?? '', false)
      state.attemptEnded(endpoint?.key ?? '')
    }
    return [...keys].sort()
  }
  state.connectFailed(first ?? '')
  expect(chosen()).toEqual([second, third])
  now = 1_001
  expect(chosen()).toEqual([first, second, third])
  state.connectFailed(first ?? '')
  now = 2_500
  expect(chosen(), 'twice as long the second time').toEqual([second, third])
  state.connected(first ?? '')
  expect(chosen()).toEqual([first, second, third])
  for (const key of [first, second, third]) state.connectFailed(key ?? '')
  expect(chosen(), 'when all are, any').toEqual([first, second, third])
})

test('far endpoints get requests only while every near one is busy, or cannot be reached', () => {
  const state = new GatewayState(frozenClock)
  const [near, other, ...rest] = endpoints(4)
  if (near === undefined || other === undefined) throw new Error('no endpoints')
  const candidates = [near, other, ...rest.map((endpoint) => ({ ...endpoint, isFar: true }))]
  const service = { key: SERVICE, record: { balance: 'round-robin', spillOver: 2 } } as const
  const chosen = () => {
    const endpoint = choose({ service, candidates, affinity: undefined }, state, () => 0, [])
    state.attemptBegan(takingTurns(SERVICE), endpoint?.key ?? '', false)
    return endpoint?.isFar
  }
  expect([chosen(), chosen(), chosen(), chosen()]).toEqual([false, false, false, false])
  expect(new Set([chosen(), chosen(), chosen(), chosen()])).toContain(true)
  const fresh = new GatewayState(frozenClock)
  fresh.connectFailed(near.key)
  fresh.connectFailed(other.key)
  expect(choose({ service, candidates, affinity: undefined }, fresh, () => 0, [])?.isFar).toBe(true)
})
