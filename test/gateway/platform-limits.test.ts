import { expect, test } from 'vitest'
import { FetchDialer } from '../../src/forward/fetch-dialer.ts'
import { PlatformLimits } from '../../src/gateway/platform-limits.ts'
import { serviceYaml, tableOf } from '../support/gateway.ts'

test.each([
  ['1/s shared on-error=closed', 'error', 'every request is answered 503'],
  ['1/s shared on-error=open', 'warning', 'each isolate counts for itself'],
  ['1/s local', undefined, ''],
])('a limit of %s is a problem (%s) where nobody can count together', (limit, severity, says) => {
  const annotations = { 'postern.dev/rate-limit': limit }
  const service = tableOf(serviceYaml({ endpoints: [8080], annotations })).service('shop/web:80')
  if (service === undefined) throw new Error('the test has no Service')
  const ways = { nodes: undefined, external: undefined, nodeHost: undefined }
  const platform = new PlatformLimits(new FetchDialer({ ...ways, pods: (url, init) => fetch(url, init) }))
  const found = platform.problems([service]).filter(({ field }) => field.includes('rate-limit'))
  const wanted = {
    code: 'platform-unsupported',
    field: 'metadata.annotations["postern.dev/rate-limit"]',
    message: expect.stringContaining(says),
  }
  expect(found).toEqual(severity === undefined ? [] : [expect.objectContaining({ severity, ...wanted })])
})
