import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyBook } from '../../src/limits/key-book.ts'
import { hashKey, rateKeyOf } from '../../src/limits/rate-key.ts'
import { nobodyCounts, RateLimits } from '../../src/limits/rate-limits.ts'
import type { RateLimit } from '../../src/model/limits.ts'

const limit: RateLimit = { count: 2, periodMs: 60_000, burst: 2, key: { type: 'client' }, scope: 'local' }
const byHeader = { key: { type: 'header', name: 'x-api-key' } } as const

function limits(maxKeys?: number) {
  const clock = { now: 0 }
  const rates = new RateLimits({
    clock: { elapsed: () => clock.now },
    random: () => 0.5,
    sharing: 'alone',
    ...(maxKeys !== undefined && { maxKeys }),
  })
  return { clock, rates }
}

test('asking counts nothing, taking does, and time gives back', () => {
  const { clock, rates } = limits()
  for (let i = 0; i < 10; i++) expect(rates.ask('s', limit, 'a')).toEqual({ type: 'admitted', left: 1 })
  rates.take('s', limit, 'a')
  rates.take('s', limit, 'a')
  expect(rates.ask('s', limit, 'a')).toEqual({ type: 'exceeded', waitMs: 30_000 })
  expect(rates.ask('s', limit, 'b')).toEqual({ type: 'admitted', left: 1 })
  expect(rates.ask('other', limit, 'a')).toEqual({ type: 'admitted', left: 1 })
  clock.now += 30_000
  expect(rates.ask('s', limit, 'a')).toEqual({ type: 'admitted', left: 0 })
})

test('a flood of keys at one Service stays within the bound, and leaves the others alone', () => {
  const { rates } = limits(1_000)
  for (let i = 0; i < 2; i++) rates.take('quiet', limit, 'a')
  for (let i = 0; i < 50_000; i++) rates.take('flooded', limit, `h${i}`)
  expect(rates.size).toBeLessThanOrEqual(1_000)
  expect(rates.ask('quiet', limit, 'a')).toMatchObject({ type: 'exceeded' })
})

test('what was not used for longest goes first, as a plain list would have it', () => {
  const keys = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 })
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 12 }), (uses, maxKeys) => {
      const book = new KeyBook<number>(maxKeys)
      let list: number[] = []
      for (const key of uses) {
        book.use('s', key, () => key)
        list = [...list.filter((each) => each !== key), key].slice(-maxKeys)
        expect(book.size).toBe(list.length)
        for (let each = 0; each <= 20; each++) {
          expect(book.peek('s', each)).toBe(list.includes(each) ? each : undefined)
        }
      }
    }),
  )
})

test('a key that is used stays, however many others come', () => {
  const book = new KeyBook<{ uses: number }>(100)
  const own = () => book.use('s', -1, () => ({ uses: 0 }))
  for (let i = 0; i < 10_000; i++) {
    own().uses += 1
    book.use('s', i, () => ({ uses: 0 }))
  }
  expect(own().uses).toBe(10_000)
  expect(book.size).toBeLessThanOrEqual(100)
})

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['2001:db8::1', '2001:db8:0:1::1', false],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', true],
  ['::1', '::2', true],
  ['::1', '1::', false],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1::9', true],
  ['203.0.113.7', '203.0.113.8', false],
])('clients %s and %s share an allowance: %s', (a, b, isShared) => {
  const [x, y] = [a, b].map((client) => rateKeyOf({ key: { type: 'client' } }, client, () => undefined))
  expect(x === y).toBe(isShared)
})

test('a header is nobody’s address, and who leaves it out is told by his own', () => {
  const client = rateKeyOf({ key: { type: 'client' } }, '203.0.113.7', () => undefined)
  expect(rateKeyOf(byHeader, '198.51.100.1', () => '203.0.113.7')).not.toBe(client)
  expect(rateKeyOf(byHeader, '203.0.113.7', () => undefined)).toBe(client)
})

test('keys are told apart, and otherwise by each seed', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `h${i}`)
  expect(new Set(keys.map((key) => hashKey(key, 7))).size).toBe(keys.length)
  expect(new Set(keys.map((key) => hashKey(key, 8))).has(hashKey('h0', 7))).toBe(false)
  for (const key of keys) expect(Number.isSafeInteger(hashKey(key, 7))).toBe(true)
})

test.each([
  ['alone', false, 'admitted'],
  ['apart', false, 'unavailable'],
  ['exchange', true, 'unavailable'],
  ['exchange', false, 'admitted'],
] as const)('closed, with others %s (away: %s), is %s', (kind, isAway, type) => {
  const sharing = kind === 'exchange' ? { isAway, tell: () => {} } : kind
  const rates = new RateLimits({ clock: { elapsed: () => 0 }, random: () => 0, sharing })
  const pace = { count: 1, periodMs: 1000, burst: 1, key: { type: 'route' }, scope: 'shared' } as const
  expect(rates.ask('s', { ...pace, onError: 'closed' }, 'r').type).toBe(type)
  expect(rates.ask('s', { ...pace, onError: 'open' }, 'r').type).toBe('admitted')
})

test('where nobody counts no limit can be kept', () => {
  expect(nobodyCounts.ask('s', limit, 'a').type).toBe('unavailable')
})
