import { Command, type OutputConfiguration } from 'commander'
import { type FlagId, flags, MANIFESTS } from './flags.ts'
import { questionOptions } from './question.ts'

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
const redis = ['redis', 'redisCa', 'redisCert', 'redisKey'] as const
/** Where the registry is read. */
const reading = [...redis, 'relayUrl', 'relayToken', 'redisRest', 'redisRestToken'] as const
/** Whose records are taken. */
const trusting = ['trustedKeys', 'unsigned'] as const
/** Which clusters of a registry. */
const sharing = ['clusters', 'clusterCidrs'] as const
/** Who the client is. */
const identifying = ['trustedProxies', 'trustedHops', 'forwardedHeader'] as const
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
  'externalCidrs',
  'deniedExternalCidrs',
  'jwksCidrs',
  'allowHttpJwks',
  'authCidrs',
  'allowHttpAuth',
  'nameServer',
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

interface CommandFacts {
  readonly summary: string
  /** What stands behind the command without a flag, in words. */
  readonly argument?: string
  /** Whether it can print JSON. */
  readonly json?: true
  readonly flags: readonly FlagId[]
  readonly example: string
}

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
      ...([
        'externalCidrs',
        'deniedExternalCidrs',
        'jwksCidrs',
        'allowHttpJwks',
        'authCidrs',
        'allowHttpAuth',
        'nameServer',
      ] as const),
      ...([...identifying, 'networkPolicy', 'maxStaleMs', ...compiling] as const),
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

const ABOUT = `An edge gateway for Kubernetes Services: annotate a Service with postern.dev/expose: "true",
and it answers on its hostname.`

const EXIT_CODES = `
Every flag has a variable: --trace-ratio is POSTERN_TRACE_RATIO. A flag wins over its variable.

Exit codes:
  0  fine
  1  problems of severity error were found (check), the request would be refused (explain), there is nothing to
     print (env), or it failed while running
  2  wrong usage or configuration`

/** The commands and flags, for commander to read and to explain. */
export function buildProgram(
  version: string,
  output: OutputConfiguration,
  onCommand: (name: CommandName, command: Command) => void,
): Command {
  const program = new Command('postern')
    .description(ABOUT)
    .version(version, '-V, --version')
    .configureOutput(output)
    .exitOverride()
    .addHelpText('after', EXIT_CODES)
  for (const name of Object.keys(commands) as CommandName[]) addCommand(program, name, onCommand)
  return program
}

function addCommand(
  program: Command,
  name: CommandName,
  onCommand: (name: CommandName, command: Command) => void,
): void {
  const facts: CommandFacts = commands[name]
  const command = program
    .command(name)
    .description(facts.summary)
    .allowUnknownOption()
    .allowExcessArguments()
    .usage(facts.argument === undefined ? '[options]' : `<${facts.argument}> [options]`)
    // Values are optional to commander only, so that a missing one is reported together with every other fault.
    .configureHelp({ optionTerm: (option) => option.flags.replace(/\[(.+)\]/, '<$1>') })
    .addHelpText('after', `\nExample:\n  ${facts.example}\n${EXIT_CODES}`)
  if (readsManifests(name)) {
    const { name: flagName, metavar, description, env } = MANIFESTS
    command.option(`${flagName} [${metavar}]`, `${description} [${env}]`, collect)
  }
  for (const id of facts.flags) {
    const { name: flagName, metavar, env, description, otherwise, isRepeatable } = flags[id]
    const shown = otherwise === '' ? '' : `; default ${otherwise}`
    const [term, text] = [`${flagName} [${metavar}]`, `${description} [${env.join(', ')}${shown}]`]
    if (isRepeatable) command.option(term, text, collect)
    else command.option(term, text)
  }
  if (hasFormats(name)) {
    command.option(`--format [${formats[name].join('|')}]`, `how to print [default ${formats[name][0]}]`)
  }
  if (facts.json) command.option('--json', hasFormats(name) ? 'short for --format json' : 'print JSON')
  if (name === 'explain') {
    const { from, request, header } = questionOptions
    command.option(from.usage, from.description)
    command.option(request.usage, request.description)
    command.option(header.usage, header.description, collect)
  }
  command.action(() => onCommand(name, command))
}

function collect(path: string, before: readonly string[] | undefined): readonly string[] {
  return [...(Array.isArray(before) ? before : []), path]
}
