import { Command, type OutputConfiguration } from 'commander'
import {
  type CommandFacts,
  type CommandName,
  commands,
  formats,
  hasFormats,
  readsManifests,
} from './commands.ts'
import { flags, MANIFESTS } from './flags.ts'
import { questionOptions } from './question.ts'

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
