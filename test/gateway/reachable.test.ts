import { expect, test } from 'vitest'
import { endpointAt } from '../../src/balance/endpoint.ts'
import { reachable } from '../../src/gateway/reachable.ts'
import { parseIp } from '../../src/model/address.ts'
import type { PolicyRule } from '../../src/model/policy-record.ts'
import { NetworkPolicySet } from '../../src/policy/network-policy.ts'

const rules: readonly PolicyRule[] = [
  { origin: { policy: 'guests', ingress: 0 }, from: [{ cidr: '192.0.2.0/24', except: [] }] },
]

test('what a request asks of a policy is made with the table, not by the request', () => {
  let reads = 0
  const set = new NetworkPolicySet({
    policies: ['guests'],
    get rules() {
      reads++
      return [...rules]
    },
  })
  const endpoint = endpointAt('10.0.0.1', 8080, {
    pod: undefined,
    node: undefined,
    zone: undefined,
    isFar: false,
    guards: [{ policy: 'p', port: 8080 }],
  })
  const { guarded } = reachable([endpoint], new Map([['p', set]]))
  expect(reads).toBe(1)
  const address = parseIp('192.0.2.1')
  expect(guarded?.[0]?.guards[0]?.policy?.admits(address && { address, isMasked: false }, 8080)).toBe(true)
  expect(reads).toBe(1)
})
