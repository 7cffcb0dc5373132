import type { FlagId } from './flags.ts'

/** How objects become records. */
const compiling = [
  'domain',
  'hostTemplate',
  'hostClaims',
  'allowHosts',
  'loadBalancerClass',
  'endpointCidrs',
  'allowExternalNames',
  'allowUnverifiedBackends',
  'gatewayPods',
] as const
/** How Redis is reached. */
const redis = ['redis', 'redisCa', 'redisCert', 'redisKey'] as const
/** Where the registry is read. */
const reading = [...redis, 'relayUrl', 'relayToken', 'redisRest', 'redisRestToken'] as const
/** Whose records are taken. */
const trusting = ['trustedKeys', 'unsigned'] as const
/** Which clusters of a registry. */
const sharing = ['clusters', 'clusterCidrs'] as const
/** Who the client is. */
const identifying = ['trustedProxies', 'trustedHops', 'forwardedHeader'] as const
/** Whom a gateway asks outside the cluster, and how it finds them. */
const asking = [
  'externalCidrs',
  'deniedExternalCidrs',
  'jwksCidrs',
  'allowHttpJwks',
  'authCidrs',
  'allowHttpAuth',
  'nameServer',
] as const
/** How requests are answered. */
const serving = [
  'listen',
  'httpsListen',
  'defaultCertificate',
  'tlsCert',
  'tlsKey',
  'tlsMinVersion',
  'ticketKeys',
  'console',
  'consoleToken',
  'workers',
  'cluster',
  'node',
  'zone',
  'families',
  ...asking,
  ...identifying,
  'proxyProtocol',
  'networkPolicy',
  'maxStaleMs',
  'accessLog',
  'otlpEndpoint',
  'traceRatio',
  'connectTimeoutMs',
  'minBodyRate',
  'maxConnections',
  'maxConnectionsPerClient',
  'drainDelayMs',
  'drainTimeoutMs',
] as const

/** What is told of a command. */
export interface CommandFacts {
  readonly summary: string
  /** What stands behind the command without a flag, in words. */
  readonly argument?: string
  /** Whether it can print JSON. */
  readonly json?: true
  readonly flags: readonly FlagId[]
  readonly example: string
}

/** Every command, and which flags it takes. */
export const commands = {
  up: {
    summary:
      'serve annotated Services: agent, gateway and console in one process (without manifests: a sample shop)',
    flags: ['kubeconfig', ...compiling, ...serving],
    example: 'postern up --manifests k8s/ --domain apps.example.com --listen 0.0.0.0:80',
  },
  agent: {
    summary: 'watch a cluster, and publish what is exposed to Redis',
    flags: [
      ...redis,
      ...(['signingKey', 'gatewayKeys', 'unsigned'] as const),
      ...(['kubeconfig', 'cluster', 'leaderElection', 'lease', 'leaseDurationMs'] as const),
      ...compiling,
      ...(['acmeDirectory', 'acmeAgreeTerms', 'acmeEmail', 'acmeAccount', 'acmeCa'] as const),
      ...(['gatewayAddresses', 'console', 'otlpEndpoint', 'traceRatio', 'serveRelay', 'tokens'] as const),
    ],
    example: 'postern agent --redis redis://redis:6379 --signing-key signing.jwk --domain apps.example.com',
  },
  gateway: {
    summary: 'serve what an agent has published; run as many as you like',
    flags: [...reading, ...trusting, 'sealingKeys', 'limitsRedis', 'stateDir', ...serving, ...sharing],
    example: 'postern gateway --redis redis://redis:6379 --trusted-keys trusted.jwks --listen 0.0.0.0:80',
  },
  relay: {
    summary: 'serve the registry over HTTP, to gateways and to other relays',
    flags: [...reading, 'trustedKeys', 'tokens', 'listen', 'console', 'cluster', 'otlpEndpoint'],
    example: 'postern relay --redis redis://redis:6379 --listen 0.0.0.0:8090 --token @/run/secrets/token',
  },
  check: {
    summary: 'say what is wrong with the manifests, or in a cluster',
    flags: ['kubeconfig', ...compiling],
    json: true,
    example: 'postern check --manifests k8s/ --format sarif > postern.sarif',
  },
  routes: {
    summary: 'list the hostnames and paths that are exposed, and what is behind them',
    flags: ['kubeconfig', ...compiling],
    json: true,
    example: 'postern routes --manifests k8s/ --json',
  },
  names: {
    summary: "say what each Service is called in the cluster's DNS, and at the gateways",
    flags: ['kubeconfig', 'clusterDomain', ...compiling],
    json: true,
    example: 'postern names --manifests k8s/ --domain apps.example.com',
  },
  explain: {
    summary: 'say why a request gets its answer: each step, and the object and field that decided',
    argument: 'url',
    json: true,
    flags: [
      ...(['kubeconfig', 'gateway', 'gatewayToken', ...reading, ...trusting] as const),
      ...(['cluster', ...sharing, 'node', 'zone', 'families'] as const),
      ...([...asking, ...identifying, 'networkPolicy', 'maxStaleMs', ...compiling] as const),
    ],
    example: 'postern explain http://web.shop.apps.example.com/cart --from 203.0.113.9 --manifests k8s/',
  },
  roles: {
    summary:
      'print the Roles that let the agent read the Secrets which exposed Services name, and no others, as YAML',
    flags: ['kubeconfig', 'onlyNamespace', 'serviceAccount', ...compiling],
    example: 'postern roles --kubeconfig ~/.kube/config --namespace shop',
  },
  keys: {
    summary: 'make the keys of an installation, as Secrets; print the public parts and ids of what they hold',
    argument: 'make|print',
    json: true,
    flags: ['keysNamespace', 'rotate', 'retire', 'keys'],
    example: 'postern keys make | kubectl apply -f -',
  },
  env: {
    summary:
      "print NAMESPACE/SERVICE's *_SERVICE_HOST variables, as a Pod has them, for a process outside: the host is the Service's exposed hostname, the port that of --listen, where the gateways are reached",
    argument: 'namespace/service',
    flags: ['kubeconfig', 'listen', ...compiling],
    example: 'env $(postern env shop/web --manifests k8s/) node app.js',
  },
} as const satisfies Record<string, CommandFacts>

export type CommandName = keyof typeof commands

/** How check and routes may print; the first is the default. */
export const formats = { check: ['text', 'json', 'sarif'], routes: ['text', 'json'] } as const

/** `sarif` for check alone. */
export type Format = (typeof formats)[keyof typeof formats][number]

export function hasFormats(name: CommandName): name is keyof typeof formats {
  return Object.hasOwn(formats, name)
}

/** Commands that read manifests. */
export function readsManifests(name: CommandName): boolean {
  return !['agent', 'gateway', 'relay', 'keys'].includes(name)
}

/** Commands that take an argument of their own. */
export function takesOperand(name: CommandName): boolean {
  const facts: CommandFacts = commands[name]
  return facts.argument !== undefined
}

export function printsJson(name: CommandName): boolean {
  const facts: CommandFacts = commands[name]
  return facts.json === true
}
