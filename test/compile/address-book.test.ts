import { expect, test } from 'vitest'
import { AddressBook } from '../../src/compile/address-book.ts'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'

const ADDRESS = '10.244.0.2'

const node = object({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  status: { addresses: [{ type: 'InternalIP', address: ADDRESS }] },
})
/** On the host's network: its address is the Node's. */
const pod = object({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'one', name: 'a' },
  spec: { hostNetwork: true, containers: [] },
  status: { podIP: ADDRESS },
})

test.each([
  { title: 'Node first', order: [node, pod] },
  { title: 'Pod first', order: [pod, node] },
])('of several holders of an address the same one is named: $title', ({ order }) => {
  const book = new AddressBook()
  for (const each of order) book.replace(undefined, each)
  expect(book.holderOf(ADDRESS)).toBe('a Node')
})

test('an address is told when another holder is to be named, not when nothing changes', () => {
  const book = new AddressBook()
  expect(book.replace(undefined, pod)).toEqual([ADDRESS])
  expect(book.replace(undefined, node)).toEqual([ADDRESS])
  expect(book.replace(pod, undefined)).toEqual([])
  expect(book.replace(node, undefined)).toEqual([ADDRESS])
  expect(book.holderOf(ADDRESS)).toBeUndefined()
})

function object(raw: unknown): KubeObject {
  const parsed = parseObject(raw)
  if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
  return parsed.object
}
