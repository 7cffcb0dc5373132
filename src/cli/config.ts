import type { Command, OutputConfiguration } from 'commander'
import { distance } from 'fastest-levenshtein'
import { type FlagId, type FlagValue, flags, MANIFESTS } from './flags.ts'
import { buildProgram, type CommandName, commands } from './program.ts'

type Values<K extends FlagId> = { readonly [P in Exclude<K, 'otlpEndpoint'>]: FlagValue<P> }

/** `postern up`. No manifests: the sample. */
export interface UpConfig extends Values<FlagId> {
  readonly command: 'up'
  readonly manifests: readonly string[]
  readonly otlpEndpoint: string | undefined
}

/** `postern check` and `postern routes`. */
export interface InspectConfig {
  readonly command: 'check' | 'routes'
  readonly manifests: readonly string[]
  readonly domain: string
  readonly json: boolean
}

export type Config = UpConfig | InspectConfig

export type CommandLine =
  | { readonly type: 'run'; readonly config: Config }
  | { readonly type: 'help'; readonly text: string }
  | { readonly type: 'faults'; readonly faults: readonly string[] }

export type Env = Readonly<Record<string, string | undefined>>

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
  return readConfig(chosen.name, chosen.command, env)
}

function readConfig(name: CommandName, command: Command, env: Env): CommandLine {
  const faults: string[] = command.args.map((arg) => unexpected(name, arg))
  const given: Readonly<Record<string, unknown>> = command.opts()
  const values = new Map<FlagId, unknown>()
  for (const id of commands[name].flags) {
    const value = readFlag(id, given, env, faults)
    if (value !== undefined) values.set(id, value)
  }
  const manifests = readManifests(given, env)
  if (manifests.length === 0 && name !== 'up') {
    faults.push(`${MANIFESTS.name} (or ${MANIFESTS.env}) is missing: what shall be read?`)
  }
  if (faults.length > 0) return { type: 'faults', faults }
  const all = { otlpEndpoint: undefined, ...Object.fromEntries(values), command: name, manifests }
  // Each value was made by the parser of its own flag, and every flag of the command has one.
  return {
    type: 'run',
    config: { ...all, ...(name === 'up' ? {} : { json: given.json === true }) } as unknown as Config,
  }
}

function readFlag(id: FlagId, given: Readonly<Record<string, unknown>>, env: Env, faults: string[]): unknown {
  const flag = flags[id]
  const typed = given[attributeOf(flag.name)]
  const variable = flag.env.find((name) => env[name] !== undefined && env[name] !== '')
  const source = typeof typed === 'string' ? flag.name : (variable ?? flag.name)
  const text = typeof typed === 'string' ? typed : variable === undefined ? flag.otherwise : env[variable]
  if (text === undefined) return undefined
  const parsed = flag.parse(text)
  if (parsed.ok) return parsed.value
  faults.push(`Cannot read ${source}: "${text}" is wrong: ${parsed.reason}`)
  return undefined
}

function readManifests(given: Readonly<Record<string, unknown>>, env: Env): readonly string[] {
  const typed = given.manifests
  if (Array.isArray(typed)) return typed.map(String)
  return (env[MANIFESTS.env] ?? '').split(',').filter((path) => path !== '')
}

function unexpected(name: CommandName, arg: string): string {
  if (!arg.startsWith('-')) return `Unexpected argument "${arg}"`
  const [flagName = arg] = arg.split('=')
  const known = [MANIFESTS.name, '--help', ...commands[name].flags.map((id) => flags[id].name)]
  const nearest = known.reduce((best, next) =>
    distance(next, flagName) < distance(best, flagName) ? next : best,
  )
  const hint = distance(nearest, flagName) <= 3 ? `: did you mean ${nearest}?` : ''
  return `Unknown flag ${flagName} of ${name}${hint}`
}

function usageFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^error: /, '')
}

function attributeOf(name: string): string {
  return name.slice(2).replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())
}
