import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Cidr, isInCidr, parseCidr, parseIp } from '../../src/model/address.ts'
import { AddressSet, type Block } from '../../src/model/address-set.ts'

function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new Error(`the test's block is wrong: ${text}`)
  return parsed
}

const setOf = (...texts: readonly string[]) =>
  new AddressSet(texts.map((text) => ({ cidr: cidr(text), except: [] })))

function has(set: AddressSet, text: string): boolean {
  const address = parseIp(text)
  if (address === undefined) throw new Error(`the test's address is wrong: ${text}`)
  return set.has(address)
}

test('of no blocks nothing is a member', () => {
  expect(has(setOf(), '0.0.0.0')).toBe(false)
  expect(has(setOf(), '::')).toBe(false)
})

test.each(['0.0.0.0', '127.255.255.255', '128.0.0.0', '255.255.255.255'])('%s is of 0.0.0.0/0', (text) => {
  expect(has(setOf('0.0.0.0/0'), text)).toBe(true)
  expect(has(setOf('::/0'), text)).toBe(false)
})

test.each(['::', '7fff::', '8000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'])('%s is of ::/0', (text) => {
  expect(has(setOf('::/0'), text)).toBe(true)
  expect(has(setOf('0.0.0.0/0'), text)).toBe(false)
})

test('blocks that touch, overlap or repeat are one', () => {
  const set = setOf('10.0.1.0/24', '10.0.0.0/24', '10.0.0.128/25', '10.0.0.0/24', '10.0.3.0/24')
  const members = ['10.0.0.0', '10.0.0.255', '10.0.1.0', '10.0.1.255', '10.0.3.0']
  expect(members.filter((text) => has(set, text))).toEqual(members)
  expect(['9.255.255.255', '10.0.2.0', '10.0.2.255', '10.0.4.0'].filter((text) => has(set, text))).toEqual([])
})

test("another block's members are members, whatever one excepts", () => {
  const set = new AddressSet([
    { cidr: cidr('10.0.0.0/8'), except: [cidr('10.1.0.0/16')] },
    { cidr: cidr('10.1.2.0/24'), except: [] },
  ])
  expect(has(set, '10.1.1.255')).toBe(false)
  expect(has(set, '10.1.2.0')).toBe(true)
  expect(has(set, '10.1.3.0')).toBe(false)
})

/** Few addresses, so that blocks meet; around 2³¹ and 2⁶³, where numbers are easily read wrong. */
const address = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('0.0.0', '10.0.0', '127.255.255', '128.0.0', '255.255.255'),
      fc.integer({ min: 0, max: 255 }),
    )
    .map(([start, last]) => `${start}.${last}`),
  fc
    .tuple(
      fc.constantFrom('::', '2001:db8::', '7fff:ffff::', '2001:db8:0:1:8000::', 'ffff::'),
      fc.integer({ min: 0, max: 255 }),
    )
    .map(([start, last]) => `${start}${last.toString(16)}`),
)
const block = fc.tuple(address, fc.integer({ min: 0, max: 128 })).map(([text, bits]) => {
  return cidr(text.includes(':') ? `${text}/${bits}` : `${text}/${bits % 33}`)
})
const blocks = fc.array(fc.record({ cidr: block, except: fc.array(block, { maxLength: 3 }) }), {
  maxLength: 12,
})

test('it holds what looking at each block finds', () => {
  fc.assert(
    fc.property(blocks, fc.array(address, { minLength: 1 }), (all: Block[], texts) => {
      const set = new AddressSet(all)
      for (const text of texts) {
        const client = parseIp(text)
        if (client === undefined) throw new Error(`the generator's address is wrong: ${text}`)
        const isFound = all.some(
          (one) => isInCidr(client, one.cidr) && !one.except.some((hole) => isInCidr(client, hole)),
        )
        expect(set.has(client)).toBe(isFound)
      }
    }),
    { numRuns: 500 },
  )
})
