import type { Command, OutputConfiguration } from 'commander'
import { editsBetween } from '../model/edits.ts'
import {
  type CommandName,
  commands,
  hasFormats,
  printsJson,
  readsManifests,
  takesOperand,
} from './commands.ts'
import type { Config } from './config.ts'
import { flags, MANIFESTS } from './flags.ts'
import type { Env, Given } from './inputs.ts'
import { buildProgram } from './program.ts'
import { readConfig } from './read-config.ts'

export type CommandLine =
  | { readonly type: 'run'; readonly config: Config }
  | { readonly type: 'help'; readonly text: string }
  | { readonly type: 'faults'; readonly faults: readonly string[] }

/** Reads the command line and the variables that mirror it; every fault is reported at once. Pure. */
export function parseCommandLine(argv: readonly string[], env: Env, version: string): CommandLine {
  const printed: string[] = []
  const output: OutputConfiguration = { writeOut: (text) => printed.push(text), writeErr: () => {} }
  let chosen: { name: CommandName; command: Command } | undefined
  const program = buildProgram(version, output, (name, command) => {
    chosen = { name, command }
  })
  const args = argv.length === 0 ? ['--help'] : [...argv]
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    if (printed.length > 0) return { type: 'help', text: printed.join('') }
    return { type: 'faults', faults: [usageFault(error)] }
  }
  if (chosen === undefined) return { type: 'help', text: program.helpInformation() }
  return readCommand(chosen.name, chosen.command, env)
}

function readCommand(name: CommandName, command: Command, env: Env): CommandLine {
  const given: Given = command.opts()
  const operand = takesOperand(name) ? command.args.find((arg) => !arg.startsWith('-')) : undefined
  const rest = command.args.filter((arg, i, all) => arg !== operand || all.indexOf(arg) !== i)
  const faults = rest.map((arg) => unexpected(name, arg))
  const config = readConfig(name, { given, env, operand, faults })
  return faults.length > 0 || config === undefined ? { type: 'faults', faults } : { type: 'run', config }
}

function unexpected(name: CommandName, arg: string): string {
  if (!arg.startsWith('-')) return `Unexpected argument "${arg}"`
  const [flagName = arg] = arg.split('=')
  const others = printsJson(name) ? ['--help', '--json'] : ['--help']
  if (hasFormats(name)) others.push('--format')
  if (readsManifests(name)) others.push(MANIFESTS.name)
  if (name === 'explain') others.push('--from', '--request', '--header')
  const known = [...others, ...commands[name].flags.map((id) => flags[id].name)]
  const nearest = known.reduce((best, next) =>
    editsBetween(next, flagName) < editsBetween(best, flagName) ? next : best,
  )
  const hint = editsBetween(nearest, flagName) <= 3 ? `: did you mean ${nearest}?` : ''
  return `Unknown flag ${flagName} of ${name}${hint}`
}

function usageFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^error: /, '')
}
