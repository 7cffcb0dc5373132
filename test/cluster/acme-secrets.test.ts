import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubeSecrets } from '../../src/agent/acme/kube-secrets.ts'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import { rolesOf } from '../../src/cli/roles.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions } from '../support/compile.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig } from './postern.ts'

const SECRET = { namespace: 'shop', name: 'web-tls' }
const never = new AbortController().signal
const annotations = {
  'postern.dev/expose': 'true',
  'postern.dev/acme': 'true',
  'postern.dev/tls-secret': SECRET.name,
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', annotations },
  spec: { ports: [{ port: 80 }] },
}

onCluster('managed Secrets on a real API server, with the Role that postern roles prints', (cluster) => {
  let kubeconfig: { file: string; remove(): void }

  beforeAll(async () => {
    kubeconfig = await agentKubeconfig(cluster())
    await cluster().createNamespace('shop')
    const { objects } = collectManifests([parseManifest(JSON.stringify(service), 'test.yaml')])
    const account = { namespace: 'postern', name: 'postern-agent' }
    await cluster().objects.apply(rolesOf(objects.values(), compileOptions, account), { namespace: 'shop' })
  })
  afterAll(() => kubeconfig.remove())

  const secrets = () => {
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig.file)
    return kubeSecrets(new KubeApi(config))
  }

  test('one is made, and changed only by who knows its last version', async () => {
    const { read, write } = secrets()
    expect(await read(SECRET, never)).toBeUndefined()
    const empty = { 'tls.crt': '', 'tls.key': '', 'postern.acme': 'order' }
    const first = await write(SECRET, 'kubernetes.io/tls', undefined, empty, never)
    expect(first).toMatchObject({ isManaged: true, entries: empty })
    expect(await read(SECRET, never)).toEqual(first)
    const issued = { 'tls.crt': 'chain', 'tls.key': 'key', 'postern.acme': null }
    const second = await write(SECRET, 'kubernetes.io/tls', first, issued, never)
    expect(second.entries).toEqual({ 'tls.crt': 'chain', 'tls.key': 'key' })
    await expect(write(SECRET, 'kubernetes.io/tls', first, empty, never)).rejects.toThrow(/: 409: /)
    await expect(write(SECRET, 'kubernetes.io/tls', undefined, empty, never)).rejects.toThrow(/: 409: /)
  })

  test('others may be neither read nor changed', async () => {
    const { read, write } = secrets()
    const other = { ...SECRET, name: 'other' }
    const held = { resourceVersion: '1', isManaged: true, entries: {} }
    await expect(read(other, never)).rejects.toThrow(/: 403: /)
    await expect(write(other, 'Opaque', held, { a: 'b' }, never)).rejects.toThrow(/: 403: /)
    const elsewhere = { namespace: 'default', name: SECRET.name }
    await expect(write(elsewhere, 'Opaque', undefined, { a: 'b' }, never)).rejects.toThrow(/: 403: /)
  })
})
