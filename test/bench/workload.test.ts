import { expect, test } from 'vitest'
import { tableOf } from '../support/gateway.ts'
import { backendAddresses, hostCount, hostName, manifests } from './workload.ts'

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
