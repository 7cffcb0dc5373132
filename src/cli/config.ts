import type { Command, OutputConfiguration } from 'commander'
import { distance } from 'fastest-levenshtein'
import { type Flag, type FlagValue, flags, MANIFESTS } from './flags.ts'
import { buildProgram, type CommandName, commands, formats, isInspecting, readsManifests } from './program.ts'

type Given = Readonly<Record<string, unknown>>

/** The values of a command's flags. */
type ValuesOf<C extends CommandName> = {
  readonly [K in (typeof commands)[C]['flags'][number]]: FlagValue<K>
}

/** `postern up`. Neither manifests nor a kubeconfig: the sample. */
export interface UpConfig extends ValuesOf<'up'> {
  readonly command: 'up'
  readonly manifests: readonly string[]
}

export interface AgentConfig extends Omit<ValuesOf<'agent'>, 'redis'> {
  readonly command: 'agent'
  readonly redis: string
}

export interface GatewayConfig extends Omit<ValuesOf<'gateway'>, 'redis'> {
  readonly command: 'gateway'
  readonly redis: string
}

/** `postern check` and `postern routes`, of manifests or of a cluster. */
export interface InspectConfig extends ValuesOf<'check'> {
  readonly command: keyof typeof formats
  readonly manifests: readonly string[]
  readonly format: Format
}

/** `sarif` for check alone. */
export type Format = (typeof formats)[keyof typeof formats][number]

export type Config = UpConfig | AgentConfig | GatewayConfig | InspectConfig

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
  const given: Given = command.opts()
  const faults: string[] = command.args.map((arg) => unexpected(name, arg))
  const read = <C extends CommandName>(of: C): ValuesOf<C> => readFlags(of, given, env, faults)
  const config = configOf(name, given, env, read, faults)
  return faults.length > 0 || config === undefined ? { type: 'faults', faults } : { type: 'run', config }
}

function configOf(
  name: CommandName,
  given: Given,
  env: Env,
  read: <C extends CommandName>(of: C) => ValuesOf<C>,
  faults: string[],
): Config | undefined {
  switch (name) {
    case 'up': {
      const manifests = readManifests(given, env, faults)
      const values = read(name)
      expectOneSource(manifests, values.kubeconfig, faults)
      return { command: name, manifests, ...values }
    }
    case 'agent': {
      const { redis, ...values } = read(name)
      return needsRedis(redis, faults) ? { command: name, redis, ...values } : undefined
    }
    case 'gateway': {
      const { redis, ...values } = read(name)
      return needsRedis(redis, faults) ? { command: name, redis, ...values } : undefined
    }
    case 'check':
    case 'routes': {
      const manifests = readManifests(given, env, faults)
      const values = read(name)
      expectOneSource(manifests, values.kubeconfig, faults)
      if (manifests.length === 0 && given.manifests !== true && values.kubeconfig === undefined) {
        const { name: kubeconfig } = flags.kubeconfig
        faults.push(
          `${MANIFESTS.name} (or ${MANIFESTS.env}) or ${kubeconfig} is missing: what shall be read?`,
        )
      }
      return { command: name, manifests, format: readFormat(name, given, faults), ...values }
    }
  }
}

function expectOneSource(
  manifests: readonly string[],
  kubeconfig: string | undefined,
  faults: string[],
): void {
  if (manifests.length === 0 || kubeconfig === undefined) return
  faults.push(
    `${MANIFESTS.name} and ${flags.kubeconfig.name} cannot both be given: read files, or a cluster?`,
  )
}

function readFormat(name: keyof typeof formats, { format, json }: Given, faults: string[]): Format {
  const known: readonly Format[] = formats[name]
  const asked = format ?? (json === true ? 'json' : known[0])
  const found = known.find((each) => each === asked)
  if (found === undefined)
    faults.push(`Cannot read --format: "${asked}" is wrong: not one of ${known.join(', ')}`)
  if (json === true && found !== 'json') faults.push('--json and --format say different things')
  return found ?? 'text'
}

function needsRedis(redis: string | undefined, faults: string[]): redis is string {
  const { name, env } = flags.redis
  if (
    redis === undefined &&
    !faults.some((fault) => fault.includes(name) || fault.includes(env[0] ?? name))
  ) {
    faults.push(`${name} (or ${env.join(', ')}) is missing: where is the registry?`)
  }
  return redis !== undefined
}

function readFlags<C extends CommandName>(name: C, given: Given, env: Env, faults: string[]): ValuesOf<C> {
  const values = commands[name].flags.map((id) => [id, readFlag<unknown>(flags[id], given, env, faults)])
  // Each id with the value that its own flag parsed, which TypeScript cannot follow through the entries.
  return Object.fromEntries(values) as ValuesOf<C>
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

function readManifests(given: Given, env: Env, faults: string[]): readonly string[] {
  const typed = given.manifests
  if (typed === true) faults.push(`${MANIFESTS.name} needs a value: ${MANIFESTS.metavar}`)
  if (Array.isArray(typed)) return typed.map(String)
  return (env[MANIFESTS.env] ?? '').split(',').filter((path) => path !== '')
}

function unexpected(name: CommandName, arg: string): string {
  if (!arg.startsWith('-')) return `Unexpected argument "${arg}"`
  const [flagName = arg] = arg.split('=')
  const others = isInspecting(name) ? ['--help', '--json', '--format'] : ['--help']
  if (readsManifests(name)) others.push(MANIFESTS.name)
  const known = [...others, ...commands[name].flags.map((id) => flags[id].name)]
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
