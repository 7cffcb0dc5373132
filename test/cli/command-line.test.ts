import { expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/command-line.ts'
import { type CommandName, commands, printsJson, readsManifests } from '../../src/cli/commands.ts'
import type { UpConfig } from '../../src/cli/config.ts'
import { flags } from '../../src/cli/flags.ts'
import type { Env } from '../../src/cli/inputs.ts'
import { keyVariables } from '../support/keys.ts'

const parse = (argv: readonly string[], env: Env = {}) =>
  parseCommandLine(argv, { ...keyVariables, ...env }, '1.2.3')

function up(argv: readonly string[], env: Env = {}): UpConfig {
  const line = parse(['up', ...argv], env)
  if (line.type !== 'run' || line.config.command !== 'up') throw new Error(JSON.stringify(line))
  return line.config
}

function faults(argv: readonly string[], env: Env = {}): readonly string[] {
  const line = parse(argv, env)
  return line.type === 'faults' ? line.faults : []
}

function help(argv: readonly string[]): string {
  const line = parse(argv)
  return line.type === 'help' ? line.text : ''
}

test('nothing given: the defaults', () => {
  expect(up([])).toEqual({
    command: 'up',
    manifests: [],
    listen: { host: '127.0.0.1', port: 8080 },
    console: { host: '127.0.0.1', port: 9080 },
    workers: 1,
    domain: 'localhost',
    cluster: 'default',
    trustedProxies: [],
    trustedHops: 0,
    forwardedHeader: 'x-forwarded-for',
    proxyProtocol: [],
    accessLog: 'stdout',
    otlpEndpoint: undefined,
    traceRatio: 0.01,
    connectTimeoutMs: 2000,
    minBodyRate: 240,
    maxConnections: 20_000,
    maxConnectionsPerClient: 5000,
    families: ['IPv4', 'IPv6'],
    hostTemplate: flags.hostTemplate.fallback,
    hostClaims: 'open',
    allowHosts: [],
    loadBalancerClass: 'postern.dev/gateway',
    allowExternalNames: false,
    allowUnverifiedBackends: false,
    externalCidrs: [],
    deniedExternalCidrs: [],
    jwksCidrs: [],
    allowHttpJwks: false,
    authCidrs: [],
    allowHttpAuth: false,
    nameServer: undefined,
    httpsListen: undefined,
    defaultCertificate: undefined,
    tlsCert: undefined,
    tlsKey: undefined,
    tlsMinVersion: 'TLSv1.2',
    ticketKeys: undefined,
    node: undefined,
    zone: undefined,
    drainDelayMs: 0,
    maxStaleMs: 3_600_000,
    drainTimeoutMs: 30_000,
    networkPolicy: 'enforce',
    endpointCidrs: [],
    gatewayPods: {
      namespace: 'postern',
      labels: { 'app.kubernetes.io/name': 'postern', 'app.kubernetes.io/component': 'gateway' },
    },
    kubeconfig: undefined,
  })
})

test('agent needs a Redis', () => {
  expect(faults(['agent'])).toEqual([expect.stringContaining('--redis (or POSTERN_REDIS) is missing')])
  expect(faults(['agent', '--redis', 'http://redis'])).toEqual([expect.stringContaining('not a redis://')])
  expect(parse(['agent', '--redis', 'redis://redis:6379/1'])).toMatchObject({
    type: 'run',
    config: {
      command: 'agent',
      registry: { type: 'redis', url: 'redis://redis:6379/1', caFile: undefined },
      cluster: 'default',
      serveRelay: undefined,
    },
  })
})

test('agents elect a leader unless they are told not to', () => {
  const agent = ['agent', '--redis', 'redis://redis']
  expect(parse(agent)).toMatchObject({
    config: { leaderElection: 'lease', lease: undefined, leaseDurationMs: 10_000 },
  })
  const given = ['--leader-election', 'off', '--lease', 'edge/agents', '--lease-duration', '1m30s']
  expect(parse([...agent, ...given])).toMatchObject({
    config: {
      leaderElection: 'off',
      lease: { namespace: 'edge', name: 'agents' },
      leaseDurationMs: 90_000,
    },
  })
})

test.each([
  ['--leader-election', 'never', 'neither lease nor off'],
  ['--lease', 'agents', 'not NAMESPACE/NAME'],
  ['--lease', 'edge/agents/1', 'not NAMESPACE/NAME'],
  ['--lease', 'edge/..', 'not NAMESPACE/NAME'],
  ['--lease-duration', '1s', 'from 2s to 5m'],
  ['--lease-duration', '2500ms', 'whole seconds'],
  ['--lease-duration', '1h', 'from 2s to 5m'],
])('%s %s is refused', (flag, value, reason) => {
  expect(faults(['agent', '--redis', 'redis://redis', flag, value])).toEqual([
    expect.stringMatching(new RegExp(`^Cannot read ${flag}: "${value}" is wrong: .*${reason}`)),
  ])
})

test("what Redis's TLS takes needs a Redis with TLS, and a certificate its key", () => {
  const redis = ['agent', '--redis', 'rediss://redis']
  expect(
    parse([...redis, '--redis-ca', 'ca.pem', '--redis-cert', 'c.pem', '--redis-key', 'k.pem']),
  ).toMatchObject({
    type: 'run',
    config: { registry: { caFile: 'ca.pem', certFile: 'c.pem', keyFile: 'k.pem' } },
  })
  expect(faults([...redis, '--redis-cert', 'c.pem'])).toEqual(['--redis-cert is given without --redis-key'])
  expect(faults(['gateway', '--redis', 'redis://redis', '--redis-ca', 'ca.pem'])).toEqual([
    '--redis-ca is given, but --redis is without TLS: rediss has it',
  ])
  expect(faults(['gateway', '--relay-url', 'https://relay', '--redis-ca', 'ca.pem'])).toEqual([
    '--redis-ca is given without --redis',
  ])
})

test('the URL of a Redis is not repeated: it may hold a password', () => {
  expect(faults(['agent', '--redis', 'redis://u:hush@redis,other'])).toEqual([
    'Cannot read --redis: it is wrong: several hosts: redis+sentinel:// or redis+cluster:// has several',
  ])
})

test('gateways have several addresses, by a flag each, by commas, or by the variable', () => {
  const redis = ['--redis', 'redis://redis:6379']
  const addresses = (argv: readonly string[], env: Env = {}) => {
    const line = parse(['agent', ...redis, ...argv], env)
    return line.type === 'run' && line.config.command === 'agent' ? line.config.gatewayAddresses : line
  }
  const [one, two] = [
    { ip: '192.0.2.1', hostname: undefined, ipMode: 'Proxy' },
    { ip: undefined, hostname: 'edge.example.com', ipMode: undefined },
  ]
  expect(addresses([])).toEqual([])
  expect(addresses(['--gateway-address', '192.0.2.1', '--gateway-address=edge.example.com'])).toEqual([
    one,
    two,
  ])
  expect(addresses(['--gateway-address', '192.0.2.1, edge.example.com'])).toEqual([one, two])
  expect(addresses([], { POSTERN_GATEWAY_ADDRESS: '192.0.2.1,edge.example.com' })).toEqual([one, two])
  expect(
    addresses(['--gateway-address', 'edge.example.com'], { POSTERN_GATEWAY_ADDRESS: '192.0.2.1' }),
  ).toEqual([two])
  expect(faults(['agent', ...redis, '--gateway-address', '192.0.2.1', '--gateway-address'])).toEqual([
    '--gateway-address needs a value: ADDRESS|HOSTNAME',
  ])
  expect(
    faults(['agent', ...redis, '--gateway-address', '192.0.2.1', '--gateway-address', '10.0.0.256']),
  ).toEqual([
    expect.stringContaining(
      'Cannot read --gateway-address: "192.0.2.1,10.0.0.256" is wrong: "10.0.0.256" is neither',
    ),
  ])
})

test('up reads files or a cluster, not both', () => {
  expect(faults(['up', '--manifests', 'k8s', '--kubeconfig', 'k'])).toEqual([
    expect.stringContaining('cannot both be given'),
  ])
})

test('every fault is reported at once, with the flag or variable it stands in', () => {
  const env = { POSTERN_DRAIN_TIMEOUT: 'soon', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }
  const argv = [
    'up',
    '--listen',
    '80',
    '--trace-ratio',
    '2',
    '--domain=a b',
    '--trusted-proxies',
    '10.0.0.0/33',
  ]
  const found = faults([...argv, '--colour', 'extra'], env)
  const sources = ['--colour', '"extra"', '--listen: "80"', '--domain: "a b"', '"10.0.0.0/33"']
  const later = [
    'OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318"',
    '--trace-ratio: "2"',
    'POSTERN_DRAIN_TIMEOUT: "soon"',
  ]
  expect(found).toHaveLength(8)
  for (const text of [...sources, ...later]) expect(found.join('\n')).toContain(text)
})

/** Flags that need others beside them. */
type Joined = 'defaultCertificate' | 'tlsCert' | 'tlsKey' | 'ticketKeys'

/** The other flags that `up` has. */
const SAMPLES: Readonly<Record<Exclude<(typeof commands)['up']['flags'][number], Joined>, string>> = {
  listen: '[::1]:81',
  httpsListen: '[::1]:443',
  tlsMinVersion: '1.3',
  console: ':82',
  consoleToken: 'a-token-of-the-operators',
  domain: 'Apps.Example.com',
  cluster: 'eu-1',
  hostTemplate: '{service}--{namespace}.{domain}',
  hostClaims: 'strict',
  allowHosts: 'shop=shop.example.com,*=*.dev.example.com',
  loadBalancerClass: 'example.com/edge',
  allowExternalNames: 'true',
  allowUnverifiedBackends: 'true',
  externalCidrs: '10.1.0.0/16',
  deniedExternalCidrs: '203.0.113.0/24,2001:db8::/32',
  jwksCidrs: '10.2.0.0/16',
  allowHttpJwks: 'true',
  authCidrs: '10.3.0.0/16',
  allowHttpAuth: 'true',
  nameServer: '192.0.2.53:53',
  node: 'node-1',
  zone: 'zone-a',
  families: 'IPv6',
  trustedProxies: '10.0.0.0/8, 192.0.2.1,2001:db8::/32',
  trustedHops: '2',
  forwardedHeader: 'forwarded',
  proxyProtocol: '10.0.0.0/8',
  accessLog: 'off',
  otlpEndpoint: 'http://collector:4318',
  traceRatio: '0.5',
  connectTimeoutMs: '500ms',
  minBodyRate: 'off',
  maxConnections: 'off',
  maxConnectionsPerClient: '100',
  workers: '4',
  drainDelayMs: '5s',
  drainTimeoutMs: '1m30s',
  networkPolicy: 'off',
  maxStaleMs: 'off',
  endpointCidrs: '192.168.0.0/16',
  gatewayPods: 'edge/app=gateway',
  kubeconfig: 'config.yaml',
}

test('certificates are named one way, with their keys, and where TLS is spoken', () => {
  const secure = ['up', '--https-listen', ':443']
  expect(faults(['up', '--tls-cert', 'a', '--tls-key', 'b'])).toEqual([
    'Certificates and ticket keys have no use without --https-listen',
  ])
  expect(faults([...secure, '--tls-cert', 'a'])).toEqual(['--tls-cert and --tls-key are given together'])
  expect(faults([...secure, '--tls-cert', 'a', '--tls-key', 'b', '--default-certificate', 'c/d'])).toEqual([
    '--default-certificate and --tls-cert exclude each other',
  ])
  expect(up([...secure.slice(1), '--ticket-keys', 'keys', '--default-certificate', 'c/d'])).toMatchObject({
    httpsListen: { host: '0.0.0.0', port: 443 },
    defaultCertificate: 'c/d',
    ticketKeys: 'keys',
  })
  expect(faults([...secure, '--default-certificate', 'c'])[0]).toContain('not NAMESPACE/NAME')
  expect(faults([...secure, '--tls-min-version', '1.1'])[0]).toContain('neither 1.2 nor 1.3')
})

test.each(Object.entries(SAMPLES))('%s: a variable means the same as its flag', (id, text) => {
  const { name } = flags[id as keyof typeof flags]
  const variable = `POSTERN_${name.slice(2).toUpperCase().replaceAll('-', '_')}`
  const config = up([name, text])
  expect(config).not.toEqual(up([]))
  expect(up([`${name}=${text}`])).toEqual(config)
  expect(up([], { [variable]: text })).toEqual(config)
})

test('a flag wins over its variable, even over a wrong one', () => {
  expect(up(['--domain', 'a.test'], { POSTERN_DOMAIN: 'b.test' }).domain).toBe('a.test')
  expect(up(['--trace-ratio', '1'], { POSTERN_TRACE_RATIO: 'all' }).traceRatio).toBe(1)
  expect(up(['--manifests', 'a'], { POSTERN_MANIFESTS: 'b' }).manifests).toEqual(['a'])
})

test.each(['0', '257', '-1', '1.5', 'x', '1e2', ' 2', 'AUTO'])('%j is no number of workers', (text) => {
  expect(faults(['up', `--workers=${text}`])).toEqual([
    `Cannot read --workers: "${text}" is wrong: neither auto nor a number from 1 to 256`,
  ])
})

test('workers are counted by hand or by the machine', () => {
  expect(up(['--workers', '256']).workers).toBe(256)
  expect(up(['--workers', 'auto']).workers).toBe('auto')
})

test('our own variable wins over the one of OpenTelemetry, and an empty one counts for nothing', () => {
  const env = { POSTERN_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b' }
  expect(up([], env).otlpEndpoint).toBe('http://a')
  expect(up([], { ...env, POSTERN_OTLP_ENDPOINT: '' }).otlpEndpoint).toBe('http://b')
  expect(up([], { POSTERN_DOMAIN: '', POSTERN_MANIFESTS: '' })).toEqual(up([]))
})

test('manifests are repeated as a flag and listed as a variable', () => {
  expect(up(['--manifests', 'a', '--manifests', '-']).manifests).toEqual(['a', '-'])
  expect(up([], { POSTERN_MANIFESTS: 'a,b' }).manifests).toEqual(['a', 'b'])
})

test.each([
  ['check', '--manifests (or POSTERN_MANIFESTS) or --kubeconfig is missing', { format: 'json' }],
  ['routes', '--manifests (or POSTERN_MANIFESTS) or --kubeconfig is missing', { format: 'json' }],
  ['names', '--manifests (or POSTERN_MANIFESTS) or --kubeconfig is missing', { json: true }],
])('%s needs manifests', (command, fault, printing) => {
  expect(faults([command])).toEqual([expect.stringContaining(fault)])
  expect(parse([command, '--json'], { POSTERN_MANIFESTS: 'k8s' })).toMatchObject({
    type: 'run',
    config: { command, ...printing, manifests: ['k8s'], domain: 'localhost', endpointCidrs: [] },
  })
})

test('check and routes print as they are asked to', () => {
  const formatOf = (argv: readonly string[]) => {
    const line = parse([...argv, '--manifests', 'k8s'])
    return line.type === 'run' && 'format' in line.config ? line.config.format : line
  }
  expect(formatOf(['check'])).toBe('text')
  expect(formatOf(['check', '--format', 'sarif'])).toBe('sarif')
  expect(formatOf(['routes', '--format=json'])).toBe('json')
  expect(faults(['routes', '--manifests', 'k8s', '--format', 'sarif'])).toEqual([
    'Cannot read --format: "sarif" is wrong: not one of text, json',
  ])
  expect(faults(['check', '--manifests', 'k8s', '--format', 'text', '--json'])).toEqual([
    '--json and --format say different things',
  ])
})

test.each(['check', 'routes', 'names', 'up'])('%s reads files or a cluster, not both', (command) => {
  expect(faults([command, '--manifests', 'k8s', '--kubeconfig', 'c.yaml'])).toEqual([
    expect.stringContaining('cannot both be given'),
  ])
})

test('names takes the zone of the cluster, by flag or variable', () => {
  const read = (argv: readonly string[], env: Env = {}) =>
    parse(['names', '--manifests', 'k8s', ...argv], env)
  expect(read([])).toMatchObject({ config: { clusterDomain: 'cluster.local' } })
  const own = { config: { clusterDomain: 'k8s.example' } }
  expect(read(['--cluster-domain', 'K8s.Example.'])).toMatchObject(own)
  expect(read([], { POSTERN_CLUSTER_DOMAIN: 'k8s.example' })).toMatchObject(own)
})

test('env takes a Service, before or after the flags', () => {
  const config = { command: 'env', service: { namespace: 'shop', name: 'web' }, listen: { port: 81 } }
  const flagged = ['--manifests', 'k8s', '--listen', ':81']
  expect(parse(['env', 'shop/web', ...flagged])).toMatchObject({ type: 'run', config })
  expect(parse(['env', ...flagged, 'shop/web'])).toMatchObject({ type: 'run', config })
})

test.each([
  [[], 'NAMESPACE/SERVICE is missing'],
  [['web'], 'Cannot read "web": not NAMESPACE/SERVICE'],
  [['a/b/c'], 'Cannot read "a/b/c"'],
  [['shop/web', 'shop/api'], 'Unexpected argument "shop/api"'],
  [['shop/web', 'shop/web'], 'Unexpected argument "shop/web"'],
  [['shop/web', '--jsn'], 'Unknown flag --jsn of env'],
])('env %j is a fault', (argv, fault) => {
  expect(faults(['env', '--manifests', 'k8s', ...argv])).toEqual([expect.stringContaining(fault)])
})

test.each([
  ['shop.example.com', ['"shop.example.com" is not NAMESPACE=HOST']],
  ['Shop=a.example', ['"Shop=a.example" is not']],
  ['shop=a.example,*=a b,=c', ['"a b" is not a hostname', '"=c" is not NAMESPACE=HOST']],
])('--allow-hosts %s: every fault', (text, parts) => {
  const [found = '', ...others] = faults(['up', '--allow-hosts', text])
  expect(others).toEqual([])
  for (const part of parts) expect(found).toContain(part)
})

test('--allow-hosts keeps hosts in their normal form', () => {
  expect(up(['--allow-hosts', 'shop=Bücher.example., shop=*.shop.example,*=x.example,']).allowHosts).toEqual([
    { namespace: 'shop', host: 'xn--bcher-kva.example' },
    { namespace: 'shop', host: '*.shop.example' },
    { namespace: '*', host: 'x.example' },
  ])
})

test.each([
  [['up', '--lissten', '127.0.0.1:1'], 'Unknown flag --lissten of up: did you mean --listen?'],
  [['up', '--trace-ration=1'], 'Unknown flag --trace-ration of up: did you mean --trace-ratio?'],
  [['check', '--manifest=x'], 'Unknown flag --manifest of check: did you mean --manifests?'],
  [['check', '--jsn', '--manifests=x'], 'Unknown flag --jsn of check: did you mean --json?'],
  [['up', '--completely-else'], 'Unknown flag --completely-else of up'],
])('%s', (argv, fault) => {
  expect(faults(argv)).toContain(fault)
})

test('a command that is not there is a fault', () => {
  expect(faults(['upp'])).toEqual([expect.stringContaining("unknown command 'upp'")])
})

test('a flag without its value is a fault', () => {
  expect(faults(['up', '--listen'])).toEqual([expect.stringContaining('--listen')])
})

test.each([[[]], [['--help']], [['-h']]])('help of the program: %j', (argv) => {
  const text = help(argv)
  for (const part of [...Object.keys(commands), 'Exit codes:', 'POSTERN_']) expect(text).toContain(part)
})

test.each(Object.keys(commands) as CommandName[])(
  'help of %s names its flags, their variables and the exit codes',
  (command) => {
    const text = help([command, '--help']).replace(/\s+/g, ' ')
    for (const id of commands[command].flags) {
      for (const name of [flags[id].name, ...flags[id].env]) expect(text).toContain(name)
    }
    const parts = ['Exit codes: 0 fine 1', ' 2 wrong usage', 'Example:']
    if (readsManifests(command)) parts.push('--manifests', 'POSTERN_MANIFESTS')
    else if (command !== 'keys') parts.push('--redis', 'POSTERN_REDIS')
    if (printsJson(command)) parts.push('--json')
    if (command === 'env') parts.push('<namespace/service>')
    for (const part of parts) expect(text).toContain(part)
  },
)

test('the version', () => {
  expect(help(['--version'])).toBe('1.2.3\n')
})
