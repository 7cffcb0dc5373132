import { parseHostTemplate } from '../compile/host-template.ts'
import { parseClusterCidrs, parseClusters } from './cluster-values.ts'
import { parseLeaderElection, parseLeaseDuration, parseObjectName } from './election-values.ts'
import { parseGatewayAddresses } from './gateway-addresses.ts'
import { parseLimit } from './limit-values.ts'
import {
  parseAddress,
  parseAllowHosts,
  parseBoolean,
  parseCidrs,
  parseDomain,
  parseFamilies,
  parseForwardedHeader,
  parseHops,
  parseHostClaims,
  parseHttpUrl,
  parseIpPort,
  parseLabelName,
  parseMaxStale,
  parseMillis,
  parseName,
  parseNetworkPolicy,
  parsePodSelector,
  parseRatio,
  parseRedisUrl,
  parseSecret,
  parseText,
  type Secret,
  type ValueParse,
} from './values.ts'
import { parseWorkerCount } from './worker-count.ts'

/** One flag, mirrored by a variable. */
export interface Flag<T> {
  /** `--trace-ratio` */
  readonly name: string
  readonly metavar: string
  /** Variables that stand in for the flag, the first one set wins. */
  readonly env: readonly string[]
  /** The default as text, '' where there is none. */
  readonly otherwise: string
  readonly fallback: T
  readonly description: string
  /** Its value is never repeated, not even when it is wrong. */
  readonly isSecret: boolean
  /** It may be given several times: the values are read as one list. */
  readonly isRepeatable: boolean
  parse(text: string): ValueParse<T>
}

export const flags = {
  listen: flag('listen', 'HOST:PORT', '127.0.0.1:8080', 'where clients are answered', parseAddress),
  console: flag(
    'console',
    'HOST:PORT',
    '127.0.0.1:9080',
    "the operator's port: health, metrics, status",
    parseAddress,
  ),
  workers: flag(
    'workers',
    'N|auto',
    '1',
    'processes that share --listen; auto: one for each CPU that may be used here',
    parseWorkerCount,
  ),
  domain: flag('domain', 'NAME', 'localhost', 'the domain below which default hostnames lie', parseDomain),
  hostTemplate: flag(
    'host-template',
    'TEMPLATE',
    '{service}.{namespace}.{domain}',
    'how default hostnames are made; {service}--{namespace}.{domain} fits one wildcard certificate',
    parseHostTemplate,
  ),
  hostClaims: flag(
    'host-claims',
    'open|strict',
    'open',
    'who may claim other hostnames: everyone, the oldest first, or only namespaces that are allowed to',
    parseHostClaims,
  ),
  allowHosts: flag(
    'allow-hosts',
    'NAMESPACE=HOST,…',
    '',
    'hostnames that namespaces may claim when claims are strict; * is every namespace, *.HOST all below it',
    parseAllowHosts,
  ),
  loadBalancerClass: flag(
    'load-balancer-class',
    'NAME',
    'postern.dev/gateway',
    'Services of type LoadBalancer with this class are exposed with no annotation',
    parseLabelName,
  ),
  node: optionalFlag(
    'node',
    'NAME',
    ['POSTERN_NODE'],
    'the Node that this gateway runs on: endpoints meant for it come first',
    parseText,
  ),
  zone: optionalFlag(
    'zone',
    'NAME',
    ['POSTERN_ZONE'],
    "the zone that this gateway runs in; by default its Node's",
    parseText,
  ),
  families: flag(
    'ip-families',
    'FAMILY,…',
    'IPv4,IPv6',
    'the address families in which endpoints can be reached from here',
    parseFamilies,
  ),
  clusterDomain: flag(
    'cluster-domain',
    'NAME',
    'cluster.local',
    "the zone of the cluster's own DNS",
    parseDomain,
  ),
  cluster: flag('cluster', 'NAME', 'default', "this cluster's name", parseName),
  clusters: flag(
    'clusters',
    'NAME=WEIGHT,…',
    '',
    'clusters of this registry that are served, the own one first: a weight is a share of what several can serve, 0 is for what the others cannot',
    parseClusters,
  ),
  clusterCidrs: flag(
    'cluster-cidrs',
    'NAME=CIDR,…',
    '',
    'where the Pods and Nodes of other clusters lie: no other address of theirs is dialled',
    parseClusterCidrs,
  ),
  trustedProxies: flag(
    'trusted-proxies',
    'CIDR,…',
    '',
    'proxies in front of this gateway, which are believed to name their clients',
    parseCidrs,
  ),
  trustedHops: flag(
    'trusted-hops',
    'N',
    '0',
    'how many of them in a row are believed, the nearest first; 0: however many there are',
    parseHops,
  ),
  forwardedHeader: flag(
    'forwarded-header',
    'x-forwarded-for|forwarded',
    'x-forwarded-for',
    'the field that they write, each for its own peer; the other one is not read',
    parseForwardedHeader,
  ),
  proxyProtocol: flag(
    'proxy-protocol',
    'CIDR,…',
    '',
    'balancers in front of this gateway that begin each connection with a PROXY header (v1 or v2): they must, and nobody else may',
    parseCidrs,
  ),
  networkPolicy: flag(
    'network-policy',
    'enforce|report|off',
    'enforce',
    'whether NetworkPolicies decide on clients; `report` logs whom they would refuse',
    parseNetworkPolicy,
  ),
  endpointCidrs: flag(
    'allow-endpoint-cidrs',
    'CIDR,…',
    '',
    'where endpoints may lie that are no Pods; of manifests also where on this machine, which up takes unasked',
    parseCidrs,
  ),
  allowExternalNames: flag(
    'allow-external-names',
    'true|false',
    'false',
    'whether Services of type ExternalName may be exposed',
    parseBoolean,
  ),
  externalCidrs: flag(
    'allow-external-cidrs',
    'CIDR,…',
    '',
    'where names of ExternalName Services may lead besides public addresses',
    parseCidrs,
  ),
  deniedExternalCidrs: flag(
    'deny-external-cidrs',
    'CIDR,…',
    '',
    'where such names may not lead, public or not; nor to a Node of the cluster, in any case',
    parseCidrs,
  ),
  jwksCidrs: flag(
    'allow-jwks-cidrs',
    'CIDR,…',
    '',
    'where the keys of JSON Web Tokens may be read besides public addresses',
    parseCidrs,
  ),
  allowHttpJwks: flag(
    'allow-http-jwks',
    'true|false',
    'false',
    'whether such keys may be read without TLS, where whoever stands between can forge them',
    parseBoolean,
  ),
  nameServer: optionalFlag(
    'name-server',
    'HOST:PORT',
    ['POSTERN_NAME_SERVER'],
    "whom to ask for the names of ExternalName Services and of key sets; by default the system's",
    parseIpPort,
  ),
  gatewayPods: flag(
    'gateway-pods',
    'NAMESPACE/LABEL=VALUE,…',
    'postern/app.kubernetes.io/name=postern,app.kubernetes.io/component=gateway',
    "the gateways' Pods, whom NetworkPolicies must admit",
    parsePodSelector,
  ),
  gatewayAddresses: {
    ...flag(
      'gateway-address',
      'ADDRESS|HOSTNAME',
      '',
      'where the gateways are reached: what the status of LoadBalancer Services of our class tells; repeatable',
      parseGatewayAddresses,
    ),
    isRepeatable: true,
  },
  redis: {
    ...optionalFlag(
      'redis',
      'URL',
      ['POSTERN_REDIS'],
      'the registry: redis://…, redis+sentinel://… or redis+cluster://…; rediss for TLS',
      parseRedisUrl,
    ),
    // It may hold a password.
    isSecret: true,
  },
  redisCa: optionalFlag(
    'redis-ca',
    'FILE',
    ['POSTERN_REDIS_CA'],
    "who signed that Redis's certificate; by default the system's authorities",
    parseText,
  ),
  redisCert: optionalFlag(
    'redis-cert',
    'FILE',
    ['POSTERN_REDIS_CERT'],
    'our own certificate for that Redis',
    parseText,
  ),
  redisKey: optionalFlag(
    'redis-key',
    'FILE',
    ['POSTERN_REDIS_KEY'],
    'the key of that certificate',
    parseText,
  ),
  limitsRedis: {
    ...optionalFlag(
      'limits-redis',
      'URL',
      ['POSTERN_LIMITS_REDIS'],
      'the Redis in which gateways count shared rate limits together, by a user of its own; by default that of the registry, if it is one',
      parseRedisUrl,
    ),
    // It may hold a password.
    isSecret: true,
  },
  relayUrl: optionalFlag(
    'relay-url',
    'URL',
    ['POSTERN_RELAY_URL'],
    'the registry through a relay: https://… or http://…',
    parseHttpUrl,
  ),
  relayToken: secretFlag('relay-token', 'TOKEN|@FILE', 'opens that relay'),
  redisRest: optionalFlag(
    'redis-rest',
    'URL',
    ['POSTERN_REDIS_REST'],
    'the registry in a Redis that speaks REST: https://… or http://…',
    parseHttpUrl,
  ),
  redisRestToken: secretFlag('redis-rest-token', 'TOKEN|@FILE', 'opens that Redis'),
  serveRelay: optionalFlag(
    'serve-relay',
    'HOST:PORT',
    ['POSTERN_SERVE_RELAY'],
    'be a relay too: serve the registry over HTTP there',
    parseAddress,
  ),
  tokens: secretFlag('token', 'TOKEN,…|@FILE', 'opens this relay; several while one is being changed'),
  kubeconfig: optionalFlag(
    'kubeconfig',
    'FILE',
    ['POSTERN_KUBECONFIG'],
    'how to reach the cluster (for the agent, by default: from inside it, or $KUBECONFIG)',
    parseText,
  ),
  leaderElection: flag(
    'leader-election',
    'lease|off',
    'lease',
    'whether agents elect the one that publishes; off for an agent that is alone for certain',
    parseLeaderElection,
  ),
  lease: optionalFlag(
    'lease',
    'NAMESPACE/NAME',
    ['POSTERN_LEASE'],
    "the Lease that agents elect by; by default postern-agent in the agent's own namespace",
    parseObjectName,
  ),
  leaseDurationMs: flag(
    'lease-duration',
    'DURATION',
    '10s',
    'after which silence of the leader another agent takes over; itself it stops after two thirds of it',
    parseLeaseDuration,
  ),
  gateway: optionalFlag(
    'gateway',
    'URL',
    ['POSTERN_GATEWAY'],
    'the console of a running gateway, which is asked: http://127.0.0.1:9080',
    parseHttpUrl,
  ),
  accessLog: flag('access-log', 'stdout|off|FILE', 'stdout', 'where one JSON line a request goes', parseText),
  otlpEndpoint: optionalFlag(
    'otlp-endpoint',
    'URL',
    ['POSTERN_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    'OTLP/HTTP collector of traces and metrics',
    parseHttpUrl,
  ),
  traceRatio: flag('trace-ratio', '0…1', '0.01', 'share of traces that are kept', parseRatio),
  maxStaleMs: flag(
    'max-stale',
    'DURATION|off',
    '1h',
    'how long ago the cluster may have been observed for Pods to be reached by their addresses',
    parseMaxStale,
  ),
  stateDir: optionalFlag(
    'state-dir',
    'DIR',
    ['POSTERN_STATE_DIR'],
    'where the last good records are kept, to start from while the registry is away',
    parseText,
  ),
  connectTimeoutMs: flag('connect-timeout', 'DURATION', '2s', 'for connecting to an endpoint', parseMillis),
  maxConnections: flag(
    'max-connections',
    'N|off',
    '20000',
    'how many connections of clients may be open; one more is refused',
    parseLimit,
  ),
  maxConnectionsPerClient: flag(
    'max-connections-per-client',
    'N|off',
    '5000',
    'of which one client, by IPv4 address or IPv6 /64, may have so many; trusted proxies any number',
    parseLimit,
  ),
  drainDelayMs: flag(
    'drain-delay',
    'DURATION',
    '0s',
    'unready, but still accepting, before the drain',
    parseMillis,
  ),
  drainTimeoutMs: flag(
    'drain-timeout',
    'DURATION',
    '30s',
    'for requests under way when stopping',
    parseMillis,
  ),
} as const

export type Flags = typeof flags
export type FlagId = keyof Flags
export type FlagValue<K extends FlagId> = Flags[K] extends Flag<infer T> ? T : never

export const MANIFESTS = {
  name: '--manifests',
  metavar: 'DIR|FILE|-',
  env: 'POSTERN_MANIFESTS',
  description: 'Kubernetes manifests to read, followed when they change; repeatable',
} as const

function flag<T>(
  name: string,
  metavar: string,
  otherwise: string,
  description: string,
  parse: (text: string) => ValueParse<T>,
): Flag<T> {
  const env = [`POSTERN_${name.toUpperCase().replaceAll('-', '_')}`]
  const parsed = parse(otherwise)
  if (!parsed.ok) throw new Error(`Cannot read the default of --${name}: "${otherwise}": ${parsed.reason}`)
  return {
    name: `--${name}`,
    metavar,
    env,
    otherwise,
    fallback: parsed.value,
    description,
    isSecret: false,
    isRepeatable: false,
    parse,
  }
}

/** A flag without a default. */
function optionalFlag<T>(
  name: string,
  metavar: string,
  env: readonly string[],
  description: string,
  parse: (text: string) => ValueParse<T>,
): Flag<T | undefined> {
  return {
    name: `--${name}`,
    metavar,
    env,
    otherwise: '',
    fallback: undefined,
    description,
    isSecret: false,
    isRepeatable: false,
    parse,
  }
}

/** A flag whose value is seen by nobody else when it comes by a variable or a file. */
function secretFlag(name: string, metavar: string, description: string): Flag<Secret | undefined> {
  const env = [`POSTERN_${name.toUpperCase().replaceAll('-', '_')}`]
  return { ...optionalFlag(name, metavar, env, description, parseSecret), isSecret: true }
}
