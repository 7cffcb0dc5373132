import { expect, test } from 'vitest'
import { tableOf } from '../support/gateway.ts'
import { backendAddresses, hostCount, hostName, manifests, poolCount, stepOf } from './workload.ts'

test('every host of the proxy bench is served by the two servers of its pool', () => {
  const table = tableOf(manifests())
  for (let host = 0; host < hostCount; host++) {
    const action = table.route(hostName(host))?.rules[0]?.action
    const service = action?.type === 'forward' ? table.service(action.service) : undefined
    expect(
      service?.candidates.map(({ address }) => address),
      hostName(host),
    ).toEqual(backendAddresses)
  }
})

test.each([
  [10, 900],
  [10_000, 10_000],
  [10_000, 900],
  [100_000, 10_000],
])('of %i hosts no more than %i are asked, of every pool', (hosts, asked) => {
  const step = stepOf(hosts, asked)
  const asks = Array.from({ length: Math.ceil(hosts / step) }, (_, at) => at * step)
  expect(asks.length).toBeLessThanOrEqual(asked)
  expect(new Set(asks.map((host) => host % poolCount)).size).toBe(poolCount)
})
