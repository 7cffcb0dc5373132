import { Compilation } from '../../src/compile/compilation.ts'
import { Table } from '../../src/gateway/table.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import type { CredentialRecord } from '../../src/model/credential-records.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions } from './compile.ts'

export interface TlsTableOptions {
  /** Where endpoints are, on 127.0.0.1. */
  readonly ports: readonly number[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly appProtocol?: string
  /** Records that Secrets and ConfigMaps would make: PEM, by key. */
  readonly authorities?: Readonly<Record<string, string>>
  readonly credentials?: Readonly<Record<string, CredentialRecord>>
}

/** The table of Service shop/web, whose endpoints are spoken to over TLS. The operator allows unverified ones. */
export function tlsTable(options: TlsTableOptions): Table {
  const table = new Table()
  const { authorities = {}, credentials = {} } = options
  const material = [
    ...Object.entries(authorities).map(([key, certificates]) => ({
      kind: 'authority',
      key,
      text: encodeCanonical({ certificates }),
    })),
    ...Object.entries(credentials).map(([key, record]) => ({
      kind: 'credential',
      key,
      text: encodeCanonical(record),
    })),
  ]
  table.apply([...recordsOf(options), ...material])
  return table
}

function recordsOf({ ports, annotations, appProtocol = 'https' }: TlsTableOptions) {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'shop',
      annotations: { 'postern.dev/expose': 'true', ...annotations },
    },
    spec: { ports: [{ port: 443, appProtocol }] },
  }
  const slices = ports.map((port, index) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `web-${index}`, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: '', port }],
  }))
  const manifest = [service, ...slices].map((object) => JSON.stringify(object)).join('\n---\n')
  const { objects } = collectManifests([parseManifest(manifest, 'test.yaml')])
  const changes = new Compilation({ ...compileOptions, allowUnverifiedBackends: true }).apply(
    [...objects.values()].map((object) => ({ type: 'put', object })),
  )
  // What Secrets make is the test's own to say.
  return changes.flatMap(({ kind, key, value }) =>
    value === null || kind === 'authority' || kind === 'credential'
      ? []
      : [{ kind, key, text: encodeCanonical(value) }],
  )
}
