import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SliceIndex } from '../../src/compile/slice-index.ts'
import type { EndpointSlice } from '../../src/model/objects/endpoint-slice.ts'
import { parseObject } from '../../src/model/objects/object.ts'

const slice = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c'),
    pods: fc.array(fc.constantFrom('p', 'q'), { maxLength: 3 }),
    addresses: fc.array(fc.constantFrom('10.0.0.1', 'fd00::1'), { maxLength: 2 }),
  })
  .map(({ name, pods, addresses }) =>
    parsed({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'one', name, labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [
        ...pods.map((pod) => ({ addresses: ['10.0.0.2'], targetRef: { kind: 'Pod', name: pod } })),
        ...addresses.map((address) => ({ addresses: [address] })),
      ],
    }),
  )

test('a Pod and an address lead to every slice that names them, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(slice, fc.boolean())), (steps) => {
      const index = new SliceIndex()
      const held = new Map<string, EndpointSlice>()
      for (const [each, isGone] of steps) {
        index.replace(held.get(each.meta.name), isGone ? undefined : each)
        if (isGone) held.delete(each.meta.name)
        else held.set(each.meta.name, each)
      }
      const naming = (isNamed: (endpoint: EndpointSlice['endpoints'][number]) => boolean) =>
        [...held.values()]
          .filter(({ endpoints }) => endpoints.some(isNamed))
          .map(({ meta }) => `one/web/${meta.name}`)
          .sort()
      for (const pod of ['p', 'q']) {
        expect([...index.ofPod('one', pod)].sort()).toEqual(
          naming(({ targetRef }) => targetRef?.name === pod),
        )
      }
      for (const address of ['10.0.0.1', 'fd00::1']) {
        const isAt = naming(({ addresses }) => addresses.includes(address))
        expect([...index.ofAddress(address)].sort()).toEqual(isAt)
      }
    }),
  )
})

function parsed(raw: unknown): EndpointSlice {
  const outcome = parseObject(raw)
  if (outcome.type !== 'object' || outcome.object.kind !== 'EndpointSlice') throw new Error('no slice')
  return outcome.object
}
