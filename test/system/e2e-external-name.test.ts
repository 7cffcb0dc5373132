import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { waitFor } from '../cluster/wait-for.ts'
import { hasNameServer, type NameServer, startNameServer } from '../support/name-server.ts'
import { hasPodNetwork, PodServers } from '../support/pods.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { ManifestFolder } from '../support/shop.ts'
import { ask } from '../support/steady-load.ts'

const HOST = 'out.shop.apps.test'
const NAME = 'api.example.com'
const [first, second] = ['10.244.210.1', '10.244.210.2']

const service = stringify({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'out', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
  spec: { type: 'ExternalName', externalName: NAME, ports: [{ port: 80, targetPort: 8080 }] },
})

describe.skipIf(!hasPodNetwork || !hasNameServer)('an ExternalName Service, by a real name server', () => {
  const servers = new PodServers()
  const closers: (() => unknown)[] = []
  let dns: NameServer
  let folder: ManifestFolder

  beforeAll(async () => {
    dns = await startNameServer()
    closers.push(
      () => dns.stop(),
      () => servers.close(),
    )
    folder = new ManifestFolder()
    closers.push(() => folder.remove())
    folder.replace('out.yaml', service)
    for (const [i, address] of [first, second].entries()) {
      await servers.start(`outside-${i}`, address, 8080, (request, response) => {
        const { host, 'x-forwarded-host': forwardedHost } = request.headers
        response.end(JSON.stringify({ server: i, host, forwardedHost }))
      })
    }
  })
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  async function serve(...flags: readonly string[]): Promise<ServingProcess> {
    const fixed = ['--manifests', folder.path, '--domain', 'apps.test', '--name-server', dns.address]
    const postern = await startServing(['up', ...fixed, ...flags])
    closers.push(() => postern.stop())
    return postern
  }
  const allowed = ['--allow-external-names', 'true', '--allow-external-cidrs', '10.244.210.0/24']

  test('leads to the address of its name, which it is called by there, and follows it', async () => {
    dns.answer({ [NAME]: [first] })
    const { port } = await serve(...allowed)
    // The first request waits for the name.
    expect(JSON.parse((await ask(port, HOST, '/')).body)).toEqual({
      server: 0,
      host: `${NAME}:8080`,
      forwardedHost: HOST,
    })
    dns.answer({ [NAME]: [second] })
    await waitFor(
      'the new address to be used',
      async () => JSON.parse((await ask(port, HOST, '/')).body).server,
      (server) => server === 1,
    )
  })

  test('a private address that the operator did not allow is not dialled', async () => {
    dns.answer({ [NAME]: [first] })
    const postern = await serve('--allow-external-names', 'true')
    expect((await ask(postern.port, HOST, '/')).status).toBe(503)
    await waitFor('the gateway to say why', postern.said, (said) => said.includes(`${first} is not public`))
  })

  test('an address of a Node, or one that the operator denies, is not dialled though it is allowed', async () => {
    dns.answer({ [NAME]: [first, second] })
    folder.replace(
      'node.yaml',
      stringify({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'node-1' },
        status: { addresses: [{ type: 'ExternalIP', address: first }] },
      }),
    )
    onTestFinished(() => folder.replace('node.yaml', ''))
    const postern = await serve(...allowed, '--deny-external-cidrs', `${second}/32`)
    expect((await ask(postern.port, HOST, '/')).status).toBe(503)
    const reasons = [`${first} is the address of a Node`, `${second} is in --deny-external-cidrs`]
    await waitFor('the gateway to say why', postern.said, (said) =>
      reasons.every((reason) => said.includes(reason)),
    )
  })

  test('a name that is not known is 503', async () => {
    dns.answer({})
    const { port } = await serve(...allowed)
    expect((await ask(port, HOST, '/')).status).toBe(503)
  })

  test('without --allow-external-names it is not exposed, and says so', async () => {
    const postern = await serve()
    expect((await ask(postern.port, HOST, '/')).status).toBe(503)
    expect(postern.said()).toContain('external-name-refused')
  })
})
