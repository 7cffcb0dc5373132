import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Explanation, explanationSchema } from '../../src/gateway/explain/explanation.ts'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { recordsOf } from '../support/gateway.ts'
import { startHttp } from '../support/http.ts'
import { signedHeads, signer } from '../support/keys.ts'
import { postern } from '../support/postern-cli.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { ask } from '../support/steady-load.ts'

/** Every way to be answered that this gateway has. */
function manifests(port: number): string {
  const service = (name: string, annotations: object, spec: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'shop',
      creationTimestamp: `2026-01-0${name.length % 9}T00:00:00Z`,
      annotations: { 'postern.dev/expose': 'true', ...annotations },
    },
    spec: { ports: [{ port: 80, targetPort: port }], ...spec },
  })
  const slice = (name: string, conditions: object = { ready: true }) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions }],
  })
  const objects = [
    service('web', { 'postern.dev/path': '/shop' }),
    slice('web'),
    service('narrow', {}, { loadBalancerSourceRanges: ['203.0.113.0/24'] }),
    slice('narrow'),
    service('resting', {}),
    slice('resting', { ready: false }),
    service('grpc', {}, { ports: [{ port: 80, targetPort: port, appProtocol: 'grpc' }] }),
    slice('grpc'),
    service('first', { 'postern.dev/host': 'contested.example.org' }),
    slice('first'),
    service('latecomer', { 'postern.dev/host': 'contested.example.org' }),
    slice('latecomer'),
  ]
  return objects.map((object) => JSON.stringify(object)).join('\n---\n')
}

const hosts = [
  ...['web', 'narrow', 'resting', 'grpc', 'nobody'].map((name) => `${name}.shop.localhost`),
  ...['contested.example.org', 'WEB.shop.localhost.', 'web.shop.localhost:8080', '127.0.0.1', 'a..b'],
]
const paths = ['/', '/shop', '/shop/cart?x=1', '/shopping', '/shop/../admin', '/%73hop']

let folder: string
let file: string
let backend: Server

beforeAll(async () => {
  backend = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
  await new Promise((resolve) => backend.once('listening', resolve))
  const address = backend.address()
  folder = await mkdtemp(join(tmpdir(), 'postern-explain-'))
  file = join(folder, 'shop.yaml')
  await writeFile(file, manifests(typeof address === 'object' ? (address?.port ?? 0) : 0))
})
afterAll(async () => {
  backend.close()
  await rm(folder, { recursive: true, force: true })
})

const explain = (...args: readonly string[]) => postern(['explain', ...args])
const onFile = (...args: readonly string[]) =>
  explain(...args, '--manifests', file, '--allow-endpoint-cidrs', '127.0.0.1')
const parse = (stdout: string): Explanation => v.parse(explanationSchema, JSON.parse(stdout))

test('a request that is forwarded: exit 0, and the steps of its road', async () => {
  const { code, stdout } = await onFile('http://web.shop.localhost/shop')
  expect(code).toBe(0)
  expect(stdout).toContain("✓ rule: /shop is Service shop/web's")
  expect(stdout).toMatch(/→ forwarded to 127\.0\.0\.1:\d+ as \/shop, Host web\.shop\.localhost/)
})

test.each([
  ['a near miss of a host', ['wep.shop.localhost/'], '✗ route', 'near misses: web.shop.localhost', '404'],
  ['a path of no rule', ['web.shop.localhost/no'], '✗ rule', 'prefix /shop does not match', '404'],
  [
    'source ranges',
    ['narrow.shop.localhost', '--from', '198.51.100.1'],
    '✗ source ranges',
    'spec.loadBalancerSourceRanges of Service shop/narrow',
    '403',
  ],
  ['no ready endpoint', ['resting.shop.localhost'], '✗ endpoints', 'is out: it is not ready', '503'],
  [
    'a protocol that the road does not carry',
    ['grpc.shop.localhost'],
    '✗ service',
    'spec.ports[port=80].appProtocol',
    '503',
  ],
])(
  '%s is refused with exit 1, and the step, object and field that decided',
  async (_case, args, step, detail, status) => {
    const { code, stdout } = await onFile(...args)
    expect(code).toBe(1)
    expect(stdout).toContain(step)
    expect(stdout).toContain(detail)
    expect(stdout).toContain(`→ ${status} `)
  },
)

test('as for curl: method, fields, and a proxy that is believed', async () => {
  const { stdout } = await onFile(
    ...['narrow.shop.localhost', '-X', 'PUT', '-H', 'X-Forwarded-For: 203.0.113.7'],
    ...['--from', '10.0.0.1', '--trusted-proxies', '10.0.0.0/8', '--json'],
  )
  const { request, steps, outcome } = parse(stdout)
  expect(request).toEqual({ method: 'PUT', url: 'narrow.shop.localhost', from: '10.0.0.1' })
  expect(steps[0]?.summary).toBe('203.0.113.7, named by the trusted proxy 10.0.0.1; http')
  expect(outcome.type).toBe('forward')
})

test.each([
  [[], ['URL is missing: which request?']],
  [
    ['web.shop.localhost', '--from', 'me', '-X', 'G@T', '-H', 'nothing'],
    [
      `Cannot read the client's address: "me" is no IP address`,
      'Cannot read the method: "G@T" is no token',
      'Cannot read the header: "nothing" is not Name: value',
    ],
  ],
  [['x', '--form', '1.2.3.4'], ['Unknown flag --form of explain: did you mean --from?']],
  [['x', '--from'], ['--from needs a value: ADDRESS']],
  [['x', '--redis', 'redis://127.0.0.1'], ['Only one of --manifests, --kubeconfig, --gateway']],
])('%j is told what is wrong, with exit 2', async (args, faults) => {
  const { code, stdout, stderr } = await onFile(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  for (const fault of faults) expect(stderr).toContain(`postern: ${fault}`)
})

test('without a source it asks for one', async () => {
  const { code, stderr } = await explain('x')
  expect(code).toBe(2)
  expect(stderr).toContain('One of --manifests, --kubeconfig, --gateway or a registry')
})

test('a gateway that is away, and one that is none, are named', async () => {
  const address = backend.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const none = await explain('x', '--gateway', url)
  expect(none).toMatchObject({ code: 1, stdout: '' })
  expect(none.stderr).toContain(`console at ${url}: what it answers is no explanation`)
  const away = await explain('x', '--gateway', 'http://127.0.0.1:9')
  expect(away).toMatchObject({ code: 1, stdout: '' })
  expect(away.stderr).toContain("Cannot ask the gateway's console at http://127.0.0.1:9: ")
})

test('what is asked of a gateway, which may hold a secret, is not in the URL', async () => {
  const asked: string[] = []
  const server = await startHttp((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    request.on('data', (data: Buffer) => asked.push(data.toString()))
    request.on('end', () => response.writeHead(400).end('{"faults":["heard"]}'))
  })
  const url = `http://127.0.0.1:${server.port}`
  const { code, stderr } = await explain('a?token=secret', '-H', 'Authorization: Bearer x', '--gateway', url)
  await server.close()
  expect([code, stderr.trim()]).toEqual([2, 'postern: heard'])
  expect(asked[0]).toBe('POST /api/explain')
  expect(JSON.parse(asked[1] ?? '')).toMatchObject({
    url: 'a?token=secret',
    headers: ['Authorization: Bearer x'],
  })
})

describe.runIf(hasRedis)('beside a gateway that serves', () => {
  let redis: RedisServer
  let gateway: ServingProcess

  beforeAll(async () => {
    redis = await startRedis()
    const address = backend.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const registry = new RedisRegistry({
      url: redis.url,
      cluster: 'default',
      heads: signedHeads,
      random: systemRandom,
    })
    const publisher = new Publisher({
      writer: registry,
      cluster: 'default',
      clock: systemClock,
      heads: signer,
    })
    await publisher.publish(recordsOf(manifests(port), 'localhost'), systemClock.now())
    await registry.close()
    gateway = await startServing(['gateway', '--redis', redis.url])
  })
  afterAll(async () => {
    await gateway.stop()
    await redis.kill()
  })

  test.each(['web.shop.localhost/shop', 'wep.shop.localhost/', 'resting.shop.localhost/'])(
    'manifests, registry and gateway say the same of %s',
    async (url) => {
      const args = [url, '--from', '203.0.113.9', '--json']
      const outcomes = await Promise.all([
        onFile(...args),
        explain(...args, '--redis', redis.url),
        explain(...args, '--gateway', gateway.console),
      ])
      const [fromFile, ...others] = outcomes.map(({ stdout }) => parse(stdout))
      for (const other of others) expect(other).toEqual(fromFile)
      expect(new Set(outcomes.map(({ code }) => code)).size).toBe(1)
    },
  )

  test('the answer of any request is the one that was explained', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...hosts), fc.constantFrom(...paths), async (host, path) => {
        const query = new URLSearchParams({ url: `http://${host}${path}`, from: '127.0.0.1' })
        const explained = await fetch(`${gateway.console}/api/explain?${query}`)
        const { outcome } = v.parse(explanationSchema, await explained.json())
        const { status } = await ask(gateway.port, host, path)
        expect(status).toBe(outcome.type === 'forward' ? 200 : outcome.status)
      }),
      { numRuns: 60 },
    )
  })

  test('a registry in which nothing was published says so', async () => {
    const { code, stderr } = await explain('x', '--redis', redis.url, '--cluster', 'elsewhere')
    expect(code).toBe(1)
    expect(stderr).toContain('Cannot load cluster "elsewhere": nothing has been published there')
  }, 20_000)
})
