import type { Command, OutputConfiguration } from 'commander'
import { distance } from 'fastest-levenshtein'
import { type Flag, type FlagId, type FlagValue, flags, MANIFESTS } from './flags.ts'
import { buildProgram, type CommandName, commands } from './program.ts'

type Given = Readonly<Record<string, unknown>>
type Values = { readonly [K in FlagId]: FlagValue<K> }

/** `postern up`. No manifests: the sample. */
export interface UpConfig extends Values {
  readonly command: 'up'
  readonly manifests: readonly string[]
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
  const given: Given = command.opts()
  const manifests = readManifests(given, env)
  if (given.manifests === true) faults.push(`${MANIFESTS.name} needs a value: ${MANIFESTS.metavar}`)
  else if (manifests.length === 0 && name !== 'up') {
    faults.push(`${MANIFESTS.name} (or ${MANIFESTS.env}) is missing: what shall be read?`)
  }
  const read = <T>(flag: Flag<T>): T => readFlag(flag, given, env, faults)
  const config: Config =
    name === 'up'
      ? readUp(manifests, read)
      : { command: name, manifests, domain: read(flags.domain), json: given.json === true }
  return faults.length > 0 ? { type: 'faults', faults } : { type: 'run', config }
}

function readUp(manifests: readonly string[], read: <T>(flag: Flag<T>) => T): UpConfig {
  return {
    command: 'up',
    manifests,
    listen: read(flags.listen),
    console: read(flags.console),
    domain: read(flags.domain),
    cluster: read(flags.cluster),
    trustedProxies: read(flags.trustedProxies),
    accessLog: read(flags.accessLog),
    otlpEndpoint: read(flags.otlpEndpoint),
    traceRatio: read(flags.traceRatio),
    connectTimeoutMs: read(flags.connectTimeoutMs),
    drainDelayMs: read(flags.drainDelayMs),
    drainTimeoutMs: read(flags.drainTimeoutMs),
  }
}

/** The flag, else its variable, else its default; a fault is noted and the default stands in. */
function readFlag<T>(flag: Flag<T>, given: Given, env: Env, faults: string[]): T {
  const typed = given[attributeOf(flag.name)]
  if (typed === true) {
    faults.push(`${flag.name} needs a value: ${flag.metavar}`)
    return flag.fallback
  }
  const variable = flag.env.find((name) => env[name] !== undefined && env[name] !== '')
  const text = typeof typed === 'string' ? typed : variable === undefined ? undefined : env[variable]
  if (text === undefined) return flag.fallback
  const parsed = flag.parse(text)
  if (parsed.ok) return parsed.value
  const source = typeof typed === 'string' ? flag.name : variable
  faults.push(`Cannot read ${source}: "${text}" is wrong: ${parsed.reason}`)
  return flag.fallback
}

function readManifests(given: Given, env: Env): readonly string[] {
  const typed = given.manifests
  if (Array.isArray(typed)) return typed.map(String)
  return (env[MANIFESTS.env] ?? '').split(',').filter((path) => path !== '')
}

function unexpected(name: CommandName, arg: string): string {
  if (!arg.startsWith('-')) return `Unexpected argument "${arg}"`
  const [flagName = arg] = arg.split('=')
  const others = name === 'up' ? ['--help'] : ['--help', '--json']
  const known = [MANIFESTS.name, ...others, ...commands[name].flags.map((id) => flags[id].name)]
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
