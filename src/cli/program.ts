import { Command, type OutputConfiguration } from 'commander'
import { type FlagId, flags, MANIFESTS } from './flags.ts'

export type CommandName = 'up' | 'check' | 'routes'

interface CommandFacts {
  readonly summary: string
  readonly flags: readonly FlagId[]
  readonly example: string
}

export const commands: Readonly<Record<CommandName, CommandFacts>> = {
  up: {
    summary:
      'serve annotated Services: agent, gateway and console in one process (without manifests: a sample shop)',
    flags: Object.keys(flags) as FlagId[],
    example: 'postern up --manifests k8s/ --domain apps.example.com --listen 0.0.0.0:80',
  },
  check: {
    summary: 'say what is wrong with the manifests',
    flags: ['domain'],
    example: 'kubectl get svc,endpointslices,pods -A -o yaml | postern check --manifests -',
  },
  routes: {
    summary: 'list the hostnames and paths that are exposed, and what is behind them',
    flags: ['domain'],
    example: 'postern routes --manifests k8s/ --json',
  },
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
  const facts = commands[name]
  const command = program
    .command(name)
    .description(facts.summary)
    .allowUnknownOption()
    .allowExcessArguments()
    // Values are optional to commander only, so that a missing one is reported together with every other fault.
    .configureHelp({ optionTerm: (option) => option.flags.replace(/\[(.+)\]/, '<$1>') })
    .option(
      `${MANIFESTS.name} [${MANIFESTS.metavar}]`,
      `${MANIFESTS.description} [${MANIFESTS.env}]`,
      collect,
    )
    .addHelpText('after', `\nExample:\n  ${facts.example}\n${EXIT_CODES}`)
  for (const id of facts.flags) {
    const { name: flagName, metavar, env, description, otherwise } = flags[id]
    const shown = otherwise === '' ? '' : `; default ${otherwise}`
    command.option(`${flagName} [${metavar}]`, `${description} [${env.join(', ')}${shown}]`)
  }
  if (name !== 'up') command.option('--json', 'print JSON')
  command.action(() => onCommand(name, command))
}

function collect(path: string, before: readonly string[] | undefined): readonly string[] {
  return [...(Array.isArray(before) ? before : []), path]
}
