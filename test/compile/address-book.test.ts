import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressBook } from '../../src/compile/address-book.ts'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'

const ADDRESS = '10.244.0.2'
const RANK_OF: Readonly<Record<string, string>> = {
  EndpointSlice: 'the API server',
  Node: 'a Node',
  Service: 'a Service',
  Pod: 'a Pod',
}

const node = object({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  status: { addresses: [{ type: 'InternalIP', address: ADDRESS }] },
})
/** On the host's network: its address is the Node's. */
const [pod, pod2] = [podNamed('a'), podNamed('b')]
/** Behind the same gateways. */
const [service, service2, service3] = [serviceNamed('a'), serviceNamed('b'), serviceNamed('c')]
const [apiServer, apiServer2] = [apiServerNamed('kubernetes'), apiServerNamed('kubernetes-2')]

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

test('whoever comes and goes, named is the first in rank of those that are there', () => {
  const ranks = ['the API server', 'a Node', 'a Service', 'a Pod']
  const each = [apiServer, apiServer2, node, service, service2, service3, pod, pod2]
  fc.assert(
    fc.property(fc.array(fc.nat(each.length - 1)), (turns) => {
      const book = new AddressBook()
      const present = new Set<KubeObject>()
      for (const turn of turns) {
        const one = each[turn]
        if (one === undefined) return
        if (present.delete(one)) book.replace(one, undefined)
        else {
          present.add(one)
          book.replace(undefined, one)
        }
        const names = [...present].map((holder) => RANK_OF[holder.kind])
        expect(book.holderOf(ADDRESS)).toBe(ranks.find((rank) => names.includes(rank)))
      }
    }),
  )
})

function object(raw: unknown): KubeObject {
  const parsed = parseObject(raw)
  if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
  return parsed.object
}

function podNamed(name: string): KubeObject {
  return object({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'one', name },
    spec: { hostNetwork: true, containers: [] },
    status: { podIP: ADDRESS },
  })
}

function serviceNamed(name: string): KubeObject {
  return object({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'one', name },
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: [{ ip: ADDRESS }] } },
  })
}

function apiServerNamed(name: string): KubeObject {
  return object({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ADDRESS] }],
  })
}
