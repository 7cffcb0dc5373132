import { expect, test } from 'vitest'
import { parseIp } from '../../src/model/address.ts'
import type { Caller } from '../../src/model/address-set.ts'
import type { PolicyRule } from '../../src/model/policy-record.ts'
import { NetworkPolicySet } from '../../src/policy/network-policy.ts'

type Rule = Omit<PolicyRule, 'origin'>

const setOf = (rules: readonly Rule[]) =>
  new NetworkPolicySet({
    policies: ['guests'],
    rules: rules.map((rule, ingress) => ({ origin: { policy: 'guests', ingress }, ...rule })),
  })

function callerOf(text: string, isMasked = false): Caller | undefined {
  const address = parseIp(text)
  return address && { address, isMasked }
}

const isAdmitted = (rules: readonly Rule[], client: string, port = 8080) =>
  setOf(rules).admits(callerOf(client), port)

test('the rule that admits is named', () => {
  const set = setOf([{ ports: [[9090, 9090]] }, {}])
  expect(set.admittingRule(callerOf('203.0.113.1'), 8080)?.origin).toEqual({ policy: 'guests', ingress: 1 })
  expect(setOf([]).admittingRule(callerOf('203.0.113.1'), 8080)).toBeUndefined()
})

test('an isolated Pod without rules admits nobody', () => {
  expect(isAdmitted([], '203.0.113.1')).toBe(false)
})

test('a rule without peers admits everyone, on its ports only', () => {
  const rules: Rule[] = [{ ports: [[8080, 8090]] }]
  expect(isAdmitted(rules, '203.0.113.1', 8079)).toBe(false)
  expect(isAdmitted(rules, '203.0.113.1', 8080)).toBe(true)
  expect(isAdmitted(rules, '203.0.113.1', 8090)).toBe(true)
  expect(isAdmitted(rules, '203.0.113.1', 8091)).toBe(false)
  expect(isAdmitted(rules, 'unknown')).toBe(true)
})

test('a block admits its addresses, less the exceptions', () => {
  const rules: Rule[] = [{ from: [{ cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] }] }]
  expect(isAdmitted(rules, '203.0.113.1')).toBe(true)
  expect(isAdmitted(rules, '203.0.113.128')).toBe(false)
  expect(isAdmitted(rules, '203.0.114.1')).toBe(false)
  expect(isAdmitted(rules, '2001:db8::1')).toBe(false)
  expect(isAdmitted(rules, 'unknown')).toBe(false)
})

test('an IPv4 client over an IPv6 socket is an IPv4 client', () => {
  const rules: Rule[] = [{ from: [{ cidr: '203.0.113.0/24', except: [] }] }]
  expect(isAdmitted(rules, '::ffff:203.0.113.5')).toBe(true)
  expect(isAdmitted([{ from: [{ cidr: '::/0', except: [] }] }], '::ffff:203.0.113.5')).toBe(false)
})

test('the address and the port must match in one rule', () => {
  const rules: Rule[] = [
    { from: [{ cidr: '203.0.113.0/24', except: [] }], ports: [[80, 80]] },
    { from: [{ cidr: '0.0.0.0/0', except: [] }], ports: [[443, 443]] },
  ]
  expect(isAdmitted(rules, '198.51.100.1', 80)).toBe(false)
  expect(isAdmitted(rules, '198.51.100.1', 443)).toBe(true)
  expect(isAdmitted(rules, '203.0.113.1', 80)).toBe(true)
})

test('a block that cannot be read admits nobody', () => {
  expect(isAdmitted([{ from: [{ cidr: '0.0.0.0/99', except: [] }] }], '203.0.113.1')).toBe(false)
  expect(isAdmitted([{ from: [{ cidr: '0.0.0.0/0', except: ['?'] }] }], '203.0.113.1')).toBe(false)
})

test('an exception written as IPv4-mapped IPv6 excepts', () => {
  const rules: Rule[] = [{ from: [{ cidr: '10.0.0.0/8', except: ['::ffff:10.1.0.0/112'] }] }]
  expect(isAdmitted(rules, '10.1.2.3')).toBe(false)
  expect(isAdmitted(rules, '10.2.2.3')).toBe(true)
})

test.each<[Rule, boolean]>([
  [{}, true],
  [{ from: [{ cidr: '0.0.0.0/0', except: [] }] }, true],
  // Whoever it is: one of these admits.
  [{ from: ['0.0.0.0/1', '128.0.0.0/1'].map((cidr) => ({ cidr, except: [] })) }, true],
  [{ from: [{ cidr: '10.0.0.0/8', except: [] }] }, false],
  [{ from: [{ cidr: '0.0.0.0/1', except: [] }] }, false],
  // Whoever it is might be an exception.
  [{ from: [{ cidr: '0.0.0.0/0', except: ['192.0.2.1/32'] }] }, false],
  [{ from: [{ cidr: '::/0', except: [] }] }, false],
])('of a client behind source NAT %j admits %s', (rule, isIn) => {
  expect(setOf([rule]).admits(callerOf('10.0.0.1', true), 8080)).toBe(isIn)
})

test('a client behind source NAT of IPv6 is admitted by what is open to all of IPv6', () => {
  const rules = (cidr: string) => setOf([{ from: [{ cidr, except: [] }] }])
  expect(rules('::/0').admits(callerOf('2001:db8::1', true), 8080)).toBe(true)
  expect(rules('2001:db8::/32').admits(callerOf('2001:db8::1', true), 8080)).toBe(false)
  expect(rules('0.0.0.0/0').admits(callerOf('2001:db8::1', true), 8080)).toBe(false)
})
