import { Command, type OutputConfiguration } from 'commander'
import { type FlagId, flags, MANIFESTS } from './flags.ts'

const compiling = ['domain', 'loadBalancerClass', 'endpointCidrs', 'gatewayPods'] as const
const serving = [
  'listen',
  'console',
  'cluster',
  'node',
  'zone',
  'families',
  'trustedProxies',
  'networkPolicy',
  'accessLog',
  'otlpEndpoint',
  'traceRatio',
  'connectTimeoutMs',
  'drainDelayMs',
  'drainTimeoutMs',
] as const

interface CommandFacts {
  readonly summary: string
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
    flags: ['redis', 'kubeconfig', 'cluster', ...compiling, 'console', 'otlpEndpoint'],
    example: 'postern agent --redis redis://redis:6379 --domain apps.example.com',
  },
  gateway: {
    summary: 'serve what an agent has published to Redis; run as many as you like',
    flags: ['redis', ...serving],
    example: 'postern gateway --redis redis://redis:6379 --listen 0.0.0.0:80',
  },
  check: {
    summary: 'say what is wrong with the manifests, or in a cluster',
    flags: ['kubeconfig', ...compiling],
    example: 'postern check --manifests k8s/ --format sarif > postern.sarif',
  },
  routes: {
    summary: 'list the hostnames and paths that are exposed, and what is behind them',
    flags: ['kubeconfig', ...compiling],
    example: 'postern routes --manifests k8s/ --json',
  },
} as const satisfies Record<string, CommandFacts>

export type CommandName = keyof typeof commands

/** How check and routes may print; the first is the default. */
export const formats = { check: ['text', 'json', 'sarif'], routes: ['text', 'json'] } as const

export function isInspecting(name: CommandName): name is keyof typeof formats {
  return name === 'check' || name === 'routes'
}

/** Commands that read manifests. */
export function readsManifests(name: CommandName): boolean {
  return name !== 'agent' && name !== 'gateway'
}

const ABOUT = `An edge gateway for Kubernetes Services: annotate a Service with postern.dev/expose: "true",
and it answers on its hostname.`

const EXIT_CODES = `
Every flag has a variable: --trace-ratio is POSTERN_TRACE_RATIO. A flag wins over its variable.

Exit codes:
  0  fine
  1  problems of severity error were found (check), or it failed while running
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
    // Values are optional to commander only, so that a missing one is reported together with every other fault.
    .configureHelp({ optionTerm: (option) => option.flags.replace(/\[(.+)\]/, '<$1>') })
    .addHelpText('after', `\nExample:\n  ${facts.example}\n${EXIT_CODES}`)
  if (readsManifests(name)) {
    const { name: flagName, metavar, description, env } = MANIFESTS
    command.option(`${flagName} [${metavar}]`, `${description} [${env}]`, collect)
  }
  for (const id of facts.flags) {
    const { name: flagName, metavar, env, description, otherwise } = flags[id]
    const shown = otherwise === '' ? '' : `; default ${otherwise}`
    command.option(`${flagName} [${metavar}]`, `${description} [${env.join(', ')}${shown}]`)
  }
  if (isInspecting(name)) {
    command.option(`--format [${formats[name].join('|')}]`, `how to print [default ${formats[name][0]}]`)
    command.option('--json', 'short for --format json')
  }
  command.action(() => onCommand(name, command))
}

function collect(path: string, before: readonly string[] | undefined): readonly string[] {
  return [...(Array.isArray(before) ? before : []), path]
}
