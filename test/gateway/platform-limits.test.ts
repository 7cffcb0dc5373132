import { expect, test } from 'vitest'
import { FetchDialer } from '../../src/forward/fetch-dialer.ts'
import { bareIdentity } from '../../src/gateway/backend-tls/bare-identity.ts'
import { externalByName } from '../../src/gateway/external-by-name.ts'
import { plan } from '../../src/gateway/plan.ts'
import { PlatformLimits } from '../../src/gateway/platform-limits.ts'
import { identifyPeer } from '../../src/identity/identify.ts'
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
  const platform = new PlatformLimits(
    new FetchDialer({ ...ways, pods: (url, init) => fetch(url, init) }),
    false,
  )
  const found = platform.problems([service]).filter(({ field }) => field.includes('rate-limit'))
  const wanted = {
    code: 'platform-unsupported',
    field: 'metadata.annotations["postern.dev/rate-limit"]',
    message: expect.stringContaining(says),
  }
  expect(found).toEqual(severity === undefined ? [] : [expect.objectContaining({ severity, ...wanted })])
})

const toFetch = (url: string, init: RequestInit) => fetch(url, init)

/** An ExternalName Service, or one with Pods, that is spoken to over TLS. */
function overTls(annotations: Record<string, string>, externalName?: string) {
  const service = JSON.parse(serviceYaml({ endpoints: [8443] }).split('\n---\n')[0] ?? '')
  service.metadata.annotations = { ...service.metadata.annotations, ...annotations }
  service.spec =
    externalName === undefined
      ? { ports: [{ port: 443, appProtocol: 'https' }] }
      : { type: 'ExternalName', externalName, ports: [{ port: 443, appProtocol: 'https' }] }
  const slices = serviceYaml({ endpoints: [8443] })
    .split('\n---\n')
    .slice(1)
  return tableOf([JSON.stringify(service), ...slices].join('\n---\n'))
}

const api = 'api.example.com'
const CLIENT_CERTIFICATE = { 'postern.dev/backend-tls-client-certificate': 'mine' }
test.each([
  ['a name outside, as itself', {}, api, undefined],
  [
    'a name outside, as another',
    { 'postern.dev/backend-tls-server-name': 'other.example.com' },
    api,
    'server-name',
  ],
  [
    'one of other names',
    { 'postern.dev/backend-tls-subject-alt-names': 'other.example.com' },
    api,
    'server-name',
  ],
  ['an authority of its own', { 'postern.dev/backend-tls-ca': 'secret/ca' }, api, 'ca'],
  ['a certificate of ours', CLIENT_CERTIFICATE, api, 'client-certificate'],
  ['a Pod', {}, undefined, 'server-name'],
] as const)(
  'over TLS, %s is refused where the platform cannot verify it',
  (_, annotations, name, refused) => {
    const table = overTls(annotations, name)
    const service = table.service('shop/web:443')
    if (service === undefined) throw new Error('the test has no Service')
    const ways = { pods: toFetch, nodes: toFetch, external: toFetch, nodeHost: undefined }
    const limits = new PlatformLimits(new FetchDialer(ways), false)
    const fields = limits
      .problems([service])
      .flatMap(({ severity, field }) => (severity === 'error' ? [field] : []))
    expect(fields).toEqual(
      refused === undefined ? [] : [`metadata.annotations["postern.dev/backend-tls-${refused}"]`],
    )
    const head = { method: 'GET', target: '/', hosts: ['web.shop.example.test'], field: () => undefined }
    const planned = plan(
      head,
      identifyPeer('203.0.113.9', [], 'http'),
      table,
      { trustedProxies: [], networkPolicy: 'off' },
      { ...externalByName, staleness: () => undefined, identities: bareIdentity },
    )
    if (planned.type !== 'forward') throw new Error(`the plan is ${JSON.stringify(planned)}`)
    expect(limits.allows(planned, head, false)).toBe(refused === undefined)
  },
)
