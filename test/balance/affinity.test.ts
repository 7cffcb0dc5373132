import fc from 'fast-check'
import { expect, test } from 'vitest'
import { choose } from '../../src/balance/choose.ts'
import type { Endpoint } from '../../src/balance/endpoint.ts'
import { hashText } from '../../src/balance/rendezvous.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { frozenClock } from '../contract/registry-samples.ts'

const client = fc.ipV4()
const never = () => {
  throw new Error('affinity rolls no dice')
}

function endpoints(count: number): Endpoint[] {
  return Array.from({ length: count }, (_, index) => {
    const address = `10.244.${index >> 8}.${index & 255}`
    const key = `${address}:8080`
    const facts = { pod: undefined, node: undefined, zone: undefined, isFar: false, guards: [] }
    return { key, address, port: 8080, hash: hashText(key), ...facts }
  })
}

function stay(candidates: readonly Endpoint[], address: string, tried: readonly Endpoint[] = []): string {
  const service = { key: 'shop/web:80', record: { balance: 'least-request' as const } }
  const state = new GatewayState(frozenClock)
  return choose({ service, candidates, affinity: hashText(address) }, state, never, tried)?.key ?? ''
}

test('a client stays at one endpoint, whichever gateway it asks and in whatever order that knows them', () => {
  fc.assert(
    fc.property(client, fc.integer({ min: 2, max: 50 }), (address, count) => {
      const all = endpoints(count)
      expect(stay([...all].reverse(), address)).toBe(stay(all, address))
    }),
  )
})

test('when an endpoint goes, only its own clients move', () => {
  fc.assert(
    fc.property(client, fc.integer({ min: 3, max: 50 }), fc.nat(), (address, count, nat) => {
      const all = endpoints(count)
      const before = stay(all, address)
      const gone = all[nat % count]?.key
      const after = stay(
        all.filter(({ key }) => key !== gone),
        address,
      )
      if (before === gone) expect(after).not.toBe(gone)
      else expect(after).toBe(before)
    }),
  )
})

test('an endpoint that failed gives its clients to the one that would have them without it', () => {
  const all = endpoints(5)
  const first = all.find(({ key }) => key === stay(all, '203.0.113.7'))
  const others = all.filter((endpoint) => endpoint !== first)
  expect(stay(all, '203.0.113.7', first === undefined ? [] : [first])).toBe(stay(others, '203.0.113.7'))
})

test('clients spread: each of ten endpoints gets its share of ten thousand, give or take a fifth', () => {
  const all = endpoints(10)
  const counts = new Map<string, number>()
  for (let i = 0; i < 10_000; i++) {
    const key = stay(all, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  expect(counts.size).toBe(10)
  for (const count of counts.values()) {
    expect(count).toBeGreaterThan(800)
    expect(count).toBeLessThan(1200)
  }
})
