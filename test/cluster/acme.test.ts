import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HeldSecret } from '../../src/agent/acme/acme-secrets.ts'
import { kubeSecrets } from '../../src/agent/acme/kube-secrets.ts'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import { type Pebble, startPebble } from '../agent/acme/pebble-server.ts'
import { freePort } from '../support/free-port.ts'
import { keyFiles } from '../support/keys.ts'
import { hasNameServer, type NameServer, startNameServer } from '../support/name-server.ts'
import { postern } from '../support/postern-cli.ts'
import { type AgentProcess, type ServingProcess, startServing } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { shake } from '../support/tls-gateway.ts'
import { deploy } from './deploy.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const HOST = 'web.shop.apps.test'
const SECRET = { namespace: 'shop', name: 'web-tls' }
const ANNOTATIONS = {
  'postern.dev/expose': 'true',
  'postern.dev/acme': 'true',
  'postern.dev/tls-secret': SECRET.name,
}
/** Certificates are had anew after two thirds of it. */
const VALIDITY_S = 30
const WITHIN = { timeoutMs: 60_000 }
const never = new AbortController().signal

/** As docs/acme.md has it. */
const ACCOUNT_ROLE = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: postern-acme-account, namespace: postern }
rules:
  - { apiGroups: [""], resources: [secrets], resourceNames: [postern-acme-account], verbs: [list, patch] }
  - { apiGroups: [""], resources: [secrets], verbs: [create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: postern-acme-account, namespace: postern }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: postern-acme-account }
subjects: [{ kind: ServiceAccount, name: postern-agent, namespace: postern }]
`

onCluster('a certificate ordered by an agent, proven by a gateway, and served by it', (cluster) => {
  const program = process.env.POSTERN_PEBBLE
  const folder = mkdtempSync(join(tmpdir(), 'postern-acme-'))
  const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true })]
  let redis: RedisServer
  /** Of the gateway: where the authority asks for what proves a host. */
  let port: number
  let gateway: ServingProcess
  let names: NameServer
  let authority: Pebble
  let kubeconfig: { file: string; remove(): void }

  beforeAll(async () => {
    redis = await startRedis()
    closers.push(() => redis.kill())
    port = await freePort()
    names = await startNameServer()
    closers.push(() => names.stop())
    names.answer({ [HOST]: ['127.0.0.1'] })
    authority = await startPebble(program ?? '', port, names.address, VALIDITY_S)
    closers.push(() => authority.stop())
    kubeconfig = await agentKubeconfig(cluster())
    closers.push(() => kubeconfig.remove())
    await cluster().objects.apply(ACCOUNT_ROLE)
    await deploy(cluster(), workloadYaml({ serviceAnnotations: ANNOTATIONS }), {
      namespace: 'shop',
      count: 1,
    })
    const { kubeconfigFile } = cluster().plane
    const { stdout } = await postern(['roles', '--namespace', 'shop', '--kubeconfig', kubeconfigFile])
    await cluster().objects.apply(stdout)
  }, 120_000)
  afterAll(async () => {
    for (const close of closers.reverse()) await close()
  })

  async function startAgent(): Promise<AgentProcess> {
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, authority.ca)
    const agent = await runAgent(kubeconfig.file, redis.url, [
      ...['--signing-key', keyFiles.signing, '--gateway-keys', keyFiles.gateways],
      ...['--acme-directory', authority.directory, '--acme-agree-terms', 'true', '--acme-ca', ca],
    ])
    closers.push(() => agent.stop('SIGKILL'))
    return agent
  }

  async function startGateway(): Promise<ServingProcess> {
    const listen = ['--listen', `127.0.0.1:${port}`, '--https-listen', '127.0.0.1:0']
    const opening = ['--trusted-keys', keyFiles.trusted, '--sealing-key', keyFiles.sealing]
    const started = await startServing(['gateway', '--redis', redis.url, ...listen, ...opening])
    closers.push(() => started.stop())
    return started
  }

  async function held(): Promise<HeldSecret | undefined> {
    const config = new KubeConfig()
    config.loadFromFile(cluster().plane.kubeconfigFile)
    return await kubeSecrets(new KubeApi(config)).read(SECRET, never)
  }

  /** The serial number of what a client is shown that trusts the authority's root; '' when it is shown nothing that it takes. */
  async function serial(): Promise<string> {
    try {
      const options = { servername: HOST, ca: authority.root, rejectUnauthorized: true }
      const socket = await shake(gateway.securePort, options)
      const { serialNumber } = socket.getPeerCertificate()
      socket.destroy()
      return serialNumber
    } catch {
      return ''
    }
  }

  test.skipIf(program === undefined || !hasNameServer)(
    'it is renewed, also when the agent is killed in the middle of that order',
    async () => {
      // A gateway is ready once an agent has published.
      const starting = startGateway()
      const first = await startAgent()
      gateway = await starting
      const before = await waitFor('the first certificate', serial, (shown) => shown !== '', WITHIN)
      const entry = async () => (await held())?.entries['postern.acme']
      const pending = await waitFor('the next order', entry, (text) => text !== undefined, WITHIN)
      await first.stop('SIGKILL')
      // The key was made for this order: whoever goes on with it uses it, and whoever makes another makes another key.
      const { key, order } = JSON.parse(pending ?? '')
      expect(order).toContain(new URL(authority.directory).host)
      await startAgent()
      const renewed = async () => (await held())?.entries['tls.key']
      await waitFor('the renewed certificate', renewed, (now) => now === key, WITHIN)
      await waitFor('it to be served', serial, (shown) => shown !== '' && shown !== before, WITHIN)
    },
    180_000,
  )
})
