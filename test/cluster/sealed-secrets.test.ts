import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MadeCertificate, makeAuthority } from '../support/certificate-maker.ts'
import { keyFiles } from '../support/keys.ts'
import { postern } from '../support/postern-cli.ts'
import { type AgentProcess, type ServingProcess, startServing } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { startTlsBackend, type TlsBackend } from '../support/tls-backend.ts'
import { deploy } from './deploy.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const HOST = 'web.shop.apps.test'
const BEHIND = 'secure.shop.apps.test'
const EXPOSED = { 'postern.dev/expose': 'true' }
/** So many bytes of a key in a row are no accident. */
const RUN_BYTES = 12

onCluster('Secrets of the API server, sealed in Redis, opened by a gateway', (cluster) => {
  const authority = makeAuthority()
  const folder = mkdtempSync(join(tmpdir(), 'postern-sealed-'))
  const keys: string[] = []
  let redis: RedisServer
  let agent: AgentProcess
  let gateway: ServingProcess
  let backend: TlsBackend
  let kubeconfig: { file: string; remove(): void }

  beforeAll(async () => {
    redis = await startRedis(['--dir', folder, '--rdbcompression', 'no'])
    kubeconfig = await agentKubeconfig(cluster())
    const serviceAnnotations = { ...EXPOSED, 'postern.dev/tls-secret': 'web-tls' }
    const [address] = await deploy(cluster(), workloadYaml({ serviceAnnotations }), {
      namespace: 'shop',
      count: 1,
    })
    const asks = { ca: authority.cert, requestCert: true, rejectUnauthorized: true }
    const leaf = authority.issue({ hosts: ['secure.shop.svc'] })
    // The Pod's own, beside the port of its container.
    backend = await startTlsBackend(leaf, asks, (_, response) => response.end('behind TLS'), address)
    await applyPair('web-tls', authority.issue({ hosts: [HOST], commonName: 'first' }))
    await applyPair('mine', authority.issue({ commonName: 'gateway-1' }))
    await apply({ kind: 'ConfigMap', metadata: { name: 'ca' }, data: { 'ca.crt': authority.cert } })
    await apply(secureService(backend.port))
    const { stdout } = await postern([
      ...['roles', '--namespace', 'shop', '--kubeconfig', cluster().plane.kubeconfigFile],
    ])
    await cluster().objects.apply(stdout)
    const { file } = kubeconfig
    const sealing = ['--signing-key', keyFiles.signing, '--gateway-keys', keyFiles.gateways]
    agent = await runAgent(file, redis.url, sealing)
    const opening = ['--trusted-keys', keyFiles.trusted, '--sealing-key', keyFiles.sealing]
    gateway = await startServing([
      ...['gateway', '--redis', redis.url, '--https-listen', '127.0.0.1:0'],
      ...opening,
    ])
  }, 120_000)
  afterAll(async () => {
    await gateway.stop()
    await agent.stop('SIGKILL')
    await backend.close()
    await redis.kill()
    kubeconfig.remove()
    rmSync(folder, { recursive: true })
  })

  const apply = (object: object) =>
    cluster().objects.apply(JSON.stringify({ apiVersion: 'v1', ...object }), { namespace: 'shop' })
  async function applyPair(name: string, { cert, key }: MadeCertificate): Promise<void> {
    keys.push(key)
    const data = { 'tls.crt': btoa(cert), 'tls.key': btoa(key) }
    await apply({ kind: 'Secret', metadata: { name }, type: 'kubernetes.io/tls', data })
  }
  const secureService = (targetPort: number) => {
    const annotations = {
      ...EXPOSED,
      'postern.dev/backend-tls-ca': 'configmap/ca',
      'postern.dev/backend-tls-client-certificate': 'mine',
    }
    const ports = [{ port: 443, targetPort, appProtocol: 'https' }]
    const spec = { selector: { app: 'web' }, ports }
    return { kind: 'Service', metadata: { name: 'secure', annotations }, spec }
  }

  /** By a connection of its own, from a client that knows the authority. @returns status, and whom it was shown */
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const { securePort: port } = gateway
      const to = { host: '127.0.0.1', port, servername: HOST, ca: authority.cert, agent: false }
      const asked = request({ ...to, headers: { host: HOST } }, (response) => {
        const { socket } = response
        const shown = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : ''
        response.resume().on('end', () => resolve(`${response.statusCode} ${shown}`))
      })
      asked.on('error', reject).end()
    })

  test('a client is shown the certificate by its host name; a renewed one by the next connection, and none is lost', async () => {
    const settled = () => ask().catch(String)
    await waitFor('the host', settled, (answer) => answer === '200 first')
    const seen: string[] = []
    let isOver = false
    const load = Array.from({ length: 3 }, async () => {
      while (!isOver) seen.push(await settled())
    })
    await applyPair('web-tls', authority.issue({ hosts: [HOST], commonName: 'second' }))
    await waitFor(
      'the renewed certificate',
      () => seen.slice(-5),
      (last) => last.length === 5 && last.every((answer) => answer === '200 second'),
    )
    isOver = true
    await Promise.all(load)
    expect(new Set(seen)).toEqual(new Set(['200 first', '200 second']))
  })

  test('endpoints are shown the certificate of ours, and the renewed one; no request is lost', async () => {
    const load = new SteadyLoad(() => gateway.port, [BEHIND])
    await load.answers(20)
    expect(new Set(backend.connections.map(({ client }) => client))).toEqual(new Set(['gateway-1']))
    await applyPair('mine', authority.issue({ commonName: 'gateway-2' }))
    await waitFor(
      'the renewed certificate',
      () => backend.connections.at(-1)?.client,
      (client) => client === 'gateway-2',
    )
    await load.answers(20)
    await load.stop()
    expect(load.failures).toEqual([])
  })

  test('a dump of Redis holds no run of bytes of any of their private keys', () => {
    redis.cli('SAVE')
    const dump = readFileSync(join(folder, `postern-${redis.port}.rdb`)).toString('latin1')
    expect(dump).toContain(HOST)
    expect(keys).toHaveLength(4)
    for (const key of keys) {
      const runs = runsOf(key)
      // They are found where the key is: in its Secret, for one.
      expect(runs.filter((run) => key.replaceAll('\n', '').includes(run))).not.toEqual([])
      expect(runs.filter((run) => btoa(key).includes(run))).not.toEqual([])
      expect(runs.filter((run) => dump.includes(run))).toEqual([])
    }
  })
})

/** Every run of a private key's own bytes, and of the PEM's that they are written as, in each form that they could be kept in. */
function runsOf(pem: string): string[] {
  const d = Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d ?? '', 'base64url')
  const pemLines = pem.split('\n').filter((line) => !line.startsWith('-----'))
  const der = Buffer.from(pemLines.join(''), 'base64')
  const at = der.indexOf(d)
  if (d.length !== 32 || at < 0) throw new Error('The key of the test is none of P-256')
  // With line breaks, as it stands in the Secret.
  const from = Math.ceil(at / 3) * 4
  const written = Buffer.from(pemLines.join('\n').slice(from + Math.floor(from / 64), from + 36))
  return [d, written].flatMap((bytes) =>
    Array.from({ length: bytes.length - RUN_BYTES + 1 }, (_, start) =>
      bytes.subarray(start, start + RUN_BYTES),
    ).flatMap((run) => (['latin1', 'hex', 'base64', 'base64url'] as const).map((form) => run.toString(form))),
  )
}
