import { expect, test } from 'vitest'
import { parseIp } from '../../src/model/address.ts'
import { askClientLists, readClientLists } from '../../src/policy/client-lists.ts'

function ask(record: { allow?: string[]; deny?: string[] }, client: string, isMasked = false) {
  const lists = readClientLists(record)
  if (lists === undefined) throw new Error('the test has no lists')
  const address = parseIp(client)
  return askClientLists(lists, address && { address, isMasked })
}

test.each([
  { client: '203.0.113.9', verdict: 'admitted' },
  { client: '203.0.113.7', verdict: 'denied' },
  { client: '203.0.114.9', verdict: 'not-allowed' },
  // The same client by another spelling.
  { client: '::ffff:203.0.113.7', verdict: 'denied' },
  { client: '::ffff:203.0.113.9', verdict: 'admitted' },
  { client: '2001:db8::1', verdict: 'not-allowed' },
  { client: 'unknown', verdict: 'denied' },
])('deny wins over allow: $client is $verdict', ({ client, verdict }) => {
  expect(ask({ allow: ['203.0.113.0/24'], deny: ['203.0.113.7/32'] }, client)).toBe(verdict)
})

test.each([
  { record: { allow: [] }, verdict: 'not-allowed' },
  { record: { allow: ['nonsense'] }, verdict: 'not-allowed' },
  { record: { deny: ['nonsense'] }, verdict: 'denied' },
  { record: { deny: ['198.51.100.0/24', 'nonsense'] }, verdict: 'denied' },
  { record: { allow: ['0.0.0.0/0'], deny: ['nonsense'] }, verdict: 'denied' },
  { record: { deny: ['198.51.100.0/24'] }, verdict: 'admitted' },
  { record: {}, verdict: 'admitted' },
])('a list of a record that cannot be read fails closed: $record', ({ record, verdict }) => {
  expect(ask(record, '203.0.113.9')).toBe(verdict)
})

test('an address that is not known is let in by no list', () => {
  expect(ask({ allow: ['0.0.0.0/0', '::/0'] }, 'unknown')).toBe('not-allowed')
})

test('whoever is masked by a Node may be anybody: only what admits all admits them', () => {
  expect(ask({ deny: ['198.51.100.0/24'] }, '10.0.0.1', true)).toBe('denied')
  expect(ask({ allow: ['10.0.0.0/8'] }, '10.0.0.1', true)).toBe('not-allowed')
  expect(ask({ allow: ['0.0.0.0/0'] }, '10.0.0.1', true)).toBe('admitted')
})
