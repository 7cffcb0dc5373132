import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Outcome, postern } from '../support/postern-cli.ts'

const SAMPLE = fileURLToPath(new URL('../../examples/shop/manifests', import.meta.url))
const yaml = (...objects: readonly object[]) => objects.map((each) => JSON.stringify(each)).join('\n---\n')

function service(name: string, spec: object, annotations: object = {}): object {
  const metadata = { name, namespace: 'shop', annotations: { 'postern.dev/expose': 'true', ...annotations } }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: 'http', port: 80 }], ...spec },
  }
}

const onStdin = (command: readonly string[], ...objects: readonly object[]) =>
  postern([...command, '--manifests', '-', '--domain', 'apps.test'], yaml(...objects))

const rowsOf = ({ stdout }: Outcome) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((row) => row.trimEnd().split(/ {2,}/))

test('names: a line for each name of each Service', async () => {
  const onThisMachine = ['--allow-endpoint-cidrs', '127.0.0.1']
  const outcome = await postern(['names', '--manifests', SAMPLE, '--domain', 'apps.test', ...onThisMachine])
  expect(outcome).toMatchObject({ code: 0, stderr: '' })
  expect(rowsOf(outcome)).toEqual([
    ['SERVICE', 'NAME OF', 'INSIDE', 'OUTSIDE'],
    ['shop/api', 'service', 'api.shop.svc.cluster.local', 'shop.localhost/api'],
    ['', 'port 80', '_http._tcp.api.shop.svc.cluster.local'],
    ['shop/carts', 'service', 'carts.shop.svc.cluster.local', 'carts.shop.apps.test'],
    ['', 'port 80', '_http._tcp.carts.shop.svc.cluster.local'],
    ['', 'pod carts-0', 'carts-0.carts.shop.svc.cluster.local', 'carts-0.carts.shop.apps.test'],
    ['', 'pod carts-1', 'carts-1.carts.shop.svc.cluster.local', 'carts-1.carts.shop.apps.test'],
    ['shop/web', 'service', 'web.shop.svc.cluster.local', 'shop.localhost'],
    ['', 'port 80', '_http._tcp.web.shop.svc.cluster.local'],
  ])
})

test('names: a Service that is not exposed has names inside alone, several hosts have a line each', async () => {
  const hosts = {
    'postern.dev/host': 'b.example, *.a.example',
    'postern.dev/path': '/x',
    'postern.dev/path-type': 'exact',
  }
  const outcome = await onStdin(
    ['names', '--cluster-domain', 'k8s.example', '--host-template', '{service}--{namespace}.{domain}'],
    service('inner', { ports: [{ port: 80 }] }, { 'postern.dev/expose': 'false' }),
    service('many', {}, hosts),
    service('plain', { ports: [{ port: 80 }] }),
  )
  expect(rowsOf(outcome).slice(1)).toEqual([
    ['shop/inner', 'service', 'inner.shop.svc.k8s.example', '-'],
    ['shop/many', 'service', 'many.shop.svc.k8s.example', '*.a.example/x (exact)'],
    ['', 'b.example/x (exact)'],
    ['', 'port 80', '_http._tcp.many.shop.svc.k8s.example'],
    ['shop/plain', 'service', 'plain.shop.svc.k8s.example', 'plain--shop.apps.test'],
  ])
})

test('names: an exported Service has names in the ClusterSet too', async () => {
  const shares = (name: string, version: string) => ({
    apiVersion: `multicluster.x-k8s.io/${version}`,
    kind: 'ServiceExport',
    metadata: { name, namespace: 'shop' },
  })
  const objects = [
    service('outer', { type: 'ExternalName', externalName: 'shop.example.net' }),
    service('own', {}),
    service('web', {}),
    service('api', { ports: [{ port: 80 }] }),
    ...[shares('web', 'v1alpha1'), shares('api', 'v1beta1'), shares('outer', 'v1beta1')],
    shares('gone', 'v1beta1'),
  ]
  const outcome = await onStdin(['names', '--cluster-domain', 'k8s.example'], ...objects)
  expect(rowsOf(outcome).filter((row) => row.join().includes('clusterset'))).toEqual([
    ['', 'cluster set', 'api.shop.svc.clusterset.local'],
    ['', 'cluster set', 'web.shop.svc.clusterset.local'],
    ['', 'port 80', '_http._tcp.web.shop.svc.clusterset.local'],
  ])
  const { stdout } = await onStdin(['names', '--json'], ...objects)
  expect(JSON.parse(stdout).services).toMatchObject([
    { name: 'api', clusterSet: { name: 'api.shop.svc.clusterset.local', srv: [] } },
    { name: 'outer', clusterSet: null },
    { name: 'own', clusterSet: null },
    { name: 'web', clusterSet: { name: 'web.shop.svc.clusterset.local' } },
  ])
})

test('names: what is imported has names in the ClusterSet, whether or not the cluster has a Service of its name', async () => {
  const imports = (name: string, version: string, ports: readonly object[]) => ({
    apiVersion: `multicluster.x-k8s.io/${version}`,
    kind: 'ServiceImport',
    metadata: { name, namespace: 'shop' },
    spec: { type: 'ClusterSetIP', ips: ['10.42.0.1'], ports },
  })
  const objects = [
    service('web', {}),
    service('outer', { type: 'ExternalName', externalName: 'shop.example.net' }),
    // Its ports are those of all clusters that export it.
    imports('web', 'v1alpha1', [
      { name: 'http', port: 80 },
      { name: 'admin', port: 81 },
    ]),
    imports('outer', 'v1beta1', [{ port: 443 }]),
    imports('far', 'v1beta1', [{ name: 'grpc', port: 9090, protocol: 'TCP' }]),
  ]
  expect(rowsOf(await onStdin(['names'], ...objects)).slice(1)).toEqual([
    ['shop/far', 'service', '-', '-'],
    ['', 'cluster set', 'far.shop.svc.clusterset.local'],
    ['', 'port 9090', '_grpc._tcp.far.shop.svc.clusterset.local'],
    ['shop/outer', 'service', 'outer.shop.svc.cluster.local', 'outer.shop.apps.test'],
    ['', 'cluster set', 'outer.shop.svc.clusterset.local'],
    ['shop/web', 'service', 'web.shop.svc.cluster.local', 'web.shop.apps.test'],
    ['', 'port 80', '_http._tcp.web.shop.svc.cluster.local'],
    ['', 'cluster set', 'web.shop.svc.clusterset.local'],
    ['', 'port 80', '_http._tcp.web.shop.svc.clusterset.local'],
    ['', 'port 81', '_admin._tcp.web.shop.svc.clusterset.local'],
  ])
  const { stdout } = await onStdin(['names', '--json'], ...objects)
  expect(JSON.parse(stdout).services[0]).toEqual({
    namespace: 'shop',
    name: 'far',
    inside: null,
    clusterSet: {
      name: 'far.shop.svc.clusterset.local',
      srv: [{ name: '_grpc._tcp.far.shop.svc.clusterset.local', port: 9090 }],
    },
    outside: [],
    pods: [],
  })
})

test('names: a Pod without a hostname has a name outside, and none inside that we could know', async () => {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'db-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [
      { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', namespace: 'shop', name: 'db-x', uid: 'u' } },
      { addresses: ['10.0.0.2'], hostname: 'by-hand', conditions: { ready: false } },
    ],
  }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db-x', namespace: 'shop', uid: 'u' },
    spec: { containers: [] },
    status: { podIP: '10.0.0.1' },
  }
  const outcome = await onStdin(['names', '--json'], service('db', { clusterIP: 'None' }), slice, pod)
  expect(JSON.parse(outcome.stdout)).toMatchObject({
    services: [
      {
        namespace: 'shop',
        name: 'db',
        inside: {
          name: 'db.shop.svc.cluster.local',
          srv: [{ name: '_http._tcp.db.shop.svc.cluster.local', port: 80 }],
          records: [{ name: 'db.shop.svc.cluster.local', type: 'A', data: '10.0.0.1' }],
        },
        outside: [{ host: 'db.shop.apps.test', path: '/', pathType: 'prefix' }],
        pods: [
          { pod: 'db-x', inside: null, outside: 'db-x.db.shop.apps.test' },
          { pod: null, inside: null, outside: 'by-hand.db.shop.apps.test' },
        ],
      },
    ],
  })
})

test('names: the Pods that a StatefulSet will make have names before they are there', async () => {
  const set = (name: string, serviceName: string, more: object) => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'shop' },
    spec: { serviceName, template: { metadata: { labels: { app: name } } }, ...more },
  })
  const headless = (name: string) => service(name, { clusterIP: 'None', selector: { app: name } })
  const outcome = await onStdin(
    ['names'],
    ...[headless('db'), set('db', 'db', { replicas: 2, ordinals: { start: 5 } })],
    ...[headless('one'), set('one', 'one', {})],
    ...[headless('stray'), set('stray', 'another', { replicas: 2 })],
  )
  expect(rowsOf(outcome).filter((row) => row.join().includes('pod '))).toEqual([
    ['', 'pod db-5', 'db-5.db.shop.svc.cluster.local', 'db-5.db.shop.apps.test'],
    ['', 'pod db-6', 'db-6.db.shop.svc.cluster.local', 'db-6.db.shop.apps.test'],
    ['', 'pod one-0', 'one-0.one.shop.svc.cluster.local', 'one-0.one.shop.apps.test'],
  ])
})

test('names: a path that is not there exits 1, and says so on standard error', async () => {
  const outcome = await postern(['names', '--manifests', `${SAMPLE}/nowhere`])
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere') })
})

test('env: the variables of a kubelet, with the hostname and the gateway’s port', async () => {
  const outcome = await onStdin(['env', 'shop/front-end', '--listen', ':8080'], service('front-end', {}))
  expect(outcome).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      'FRONT_END_SERVICE_HOST=front-end.shop.apps.test',
      'FRONT_END_SERVICE_PORT=8080',
      'FRONT_END_SERVICE_PORT_HTTP=8080',
      'FRONT_END_PORT=tcp://front-end.shop.apps.test:8080',
      'FRONT_END_PORT_80_TCP=tcp://front-end.shop.apps.test:8080',
      'FRONT_END_PORT_80_TCP_PROTO=tcp',
      'FRONT_END_PORT_80_TCP_PORT=8080',
      'FRONT_END_PORT_80_TCP_ADDR=front-end.shop.apps.test',
      '',
    ].join('\n'),
  })
})

test('env: a port that is not exposed has no variables, and neither has the first port’s short name', async () => {
  const ports = [
    { name: 'grpc-api', port: 9000 },
    { name: 'http', port: 80 },
  ]
  const { code, stdout, stderr } = await onStdin(['env', 'shop/web'], service('web', { ports }))
  expect(code).toBe(0)
  expect(stdout.match(/^[^=]+/gm)).toEqual([
    'WEB_SERVICE_HOST',
    'WEB_SERVICE_PORT_HTTP',
    'WEB_PORT_80_TCP',
    'WEB_PORT_80_TCP_PROTO',
    'WEB_PORT_80_TCP_PORT',
    'WEB_PORT_80_TCP_ADDR',
  ])
  expect(stderr).toContain('port 9000 is not exposed')
})

test('env: of several hosts the one that is all the Service’s; a part of one is said', async () => {
  const whole = service('web', {}, { 'postern.dev/host': '*.a.example, z.example' })
  expect((await onStdin(['env', 'shop/web'], whole)).stdout).toContain('WEB_SERVICE_HOST=z.example\n')
  const part = await onStdin(['env', 'shop/web'], service('web', {}, { 'postern.dev/path': '/api' }))
  expect(part.stderr).toContain('only /api of web.shop.apps.test leads to this Service')
})

test('env: a shell that reads the lines runs nothing', async () => {
  const ports = [{ name: 'x=1;touch here;y', port: 80 }]
  const { stdout } = await onStdin(['env', 'shop/web'], service('web', { ports }))
  expect(stdout).not.toContain('touch')
  const shell = spawnSync('sh', ['-c', 'set -eu; eval "$(cat)"; echo "$WEB_PORT_80_TCP"'], {
    input: stdout,
    encoding: 'utf8',
  })
  expect(shell).toMatchObject({ status: 0, stdout: 'tcp://web.shop.apps.test:8080\n', stderr: '' })
})

test.each([
  ['is not there', 'shop/nobody', 'there is no such Service'],
  ['is not exposed', 'shop/inner', 'no hostname of its own is exposed'],
  ['has a wildcard alone', 'shop/wild', 'a wildcard does not count'],
  ['is headless', 'shop/db', 'Pods get no variables'],
  ['is an ExternalName', 'shop/ext', 'Pods get no variables'],
  ['cannot be served', 'shop/broken', 'postern check'],
])('env: a Service that %s exits 1, with nothing for a shell', async (_what, name, reason) => {
  const outcome = await onStdin(
    ['env', name],
    service('inner', {}, { 'postern.dev/expose': 'false' }),
    service('wild', {}, { 'postern.dev/host': '*.a.example' }),
    service('db', { clusterIP: 'None' }),
    service('ext', { type: 'ExternalName', externalName: 'www.example.com' }),
    service('broken', {}, { 'postern.dev/port': '81' }),
  )
  expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(reason) })
})

test.each([
  [['env', '--manifests', '-'], 'NAMESPACE/SERVICE is missing'],
  [['names', '--manifests', '-', '--host-template', '{service}-{namespace}'], 'does not end with .{domain}'],
])('%j is called wrongly: exit 2', async (args, fault) => {
  const outcome = await postern(args)
  expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(fault) })
})
