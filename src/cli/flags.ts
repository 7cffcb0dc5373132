import {
  parseAddress,
  parseCidrs,
  parseDomain,
  parseFamilies,
  parseHttpUrl,
  parseLabelName,
  parseMillis,
  parseName,
  parseNetworkPolicy,
  parsePodSelector,
  parseRatio,
  parseRedisUrl,
  parseText,
  type ValueParse,
} from './values.ts'

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
  domain: flag(
    'domain',
    'NAME',
    'localhost',
    'default hostnames are <service>.<namespace>.<NAME>',
    parseDomain,
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
  cluster: flag('cluster', 'NAME', 'default', "this cluster's name", parseName),
  trustedProxies: flag(
    'trusted-proxies',
    'CIDR,…',
    '',
    'proxies in front of this gateway, whose X-Forwarded-For is believed',
    parseCidrs,
  ),
  networkPolicy: flag(
    'network-policy',
    'enforce|off',
    'enforce',
    'whether NetworkPolicies decide on clients',
    parseNetworkPolicy,
  ),
  endpointCidrs: flag(
    'allow-endpoint-cidrs',
    'CIDR,…',
    '',
    'where endpoints may lie that are no Pods',
    parseCidrs,
  ),
  gatewayPods: flag(
    'gateway-pods',
    'NAMESPACE/LABEL=VALUE,…',
    'postern/app.kubernetes.io/name=postern,app.kubernetes.io/component=gateway',
    "the gateways' Pods, whom NetworkPolicies must admit",
    parsePodSelector,
  ),
  redis: optionalFlag(
    'redis',
    'URL',
    ['POSTERN_REDIS'],
    'the registry: redis://… or rediss://…',
    parseRedisUrl,
  ),
  kubeconfig: optionalFlag(
    'kubeconfig',
    'FILE',
    ['POSTERN_KUBECONFIG'],
    'how to reach the cluster (for the agent, by default: from inside it, or $KUBECONFIG)',
    parseText,
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
  connectTimeoutMs: flag('connect-timeout', 'DURATION', '2s', 'for connecting to an endpoint', parseMillis),
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
  return { name: `--${name}`, metavar, env, otherwise, fallback: parsed.value, description, parse }
}

/** A flag without a default. */
function optionalFlag<T>(
  name: string,
  metavar: string,
  env: readonly string[],
  description: string,
  parse: (text: string) => ValueParse<T>,
): Flag<T | undefined> {
  return { name: `--${name}`, metavar, env, otherwise: '', fallback: undefined, description, parse }
}
