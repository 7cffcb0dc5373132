import type { Command, OutputConfiguration } from 'commander'
import type { ClusterShare } from '../gateway/clusters.ts'
import type { Question } from '../gateway/explain/request.ts'
import { editsBetween } from '../model/edits.ts'
import { readClusters } from './cluster-shares.ts'
import {
  type CommandName,
  commands,
  type Format,
  type formats,
  hasFormats,
  printsJson,
  readsManifests,
  takesOperand,
} from './commands.ts'
import { type ExplainSource, readExplainSource } from './explain-source.ts'
import type { Flag } from './flag.ts'
import { type FlagValue, flags, MANIFESTS } from './flags.ts'
import {
  type Env,
  expectOneSource,
  type Given,
  needSource,
  readFormat,
  readManifests,
  readServiceName,
} from './inputs.ts'
import { type KeysTask, readKeysTask } from './keys/keys-config.ts'
import { buildProgram } from './program.ts'
import { readQuestionOptions } from './question.ts'
import {
  type RedisFlagId,
  type RedisSource,
  type RegistrySource,
  requireToken,
  type SourceFlagId,
  takeRedis,
  takeSource,
} from './registry-source.ts'
import type { ServiceName } from './service-env.ts'
import { checkTls } from './tls-flags.ts'
import {
  readSigning,
  readTrust,
  type SigningFlagId,
  type SigningSource,
  type TrustFlagId,
  type TrustSource,
} from './trust-source.ts'

/** The values of a command's flags. */
type ValuesOf<C extends CommandName> = {
  readonly [K in (typeof commands)[C]['flags'][number]]: FlagValue<K>
}

/** `postern up`. Neither manifests nor a kubeconfig: the sample. */
export interface UpConfig extends ValuesOf<'up'> {
  readonly command: 'up'
  readonly manifests: readonly string[]
}

export interface AgentConfig extends Omit<ValuesOf<'agent'>, RedisFlagId | SigningFlagId> {
  readonly command: 'agent'
  readonly registry: RedisSource
  readonly signing: SigningSource
}

export interface GatewayConfig
  extends Omit<ValuesOf<'gateway'>, SourceFlagId | TrustFlagId | 'clusters' | 'clusterCidrs'> {
  readonly command: 'gateway'
  readonly registry: RegistrySource
  readonly trust: TrustSource
  /** In order of preference; the own one is the first. */
  readonly clusters: readonly ClusterShare[]
}

export interface RelayConfig extends Omit<ValuesOf<'relay'>, SourceFlagId> {
  readonly command: 'relay'
  readonly registry: RegistrySource
}

/** `postern check` and `postern routes`, of manifests or of a cluster. */
export interface InspectConfig extends ValuesOf<'check'> {
  readonly command: keyof typeof formats
  readonly manifests: readonly string[]
  readonly format: Format
}

/** `postern names`. */
export interface NamesConfig extends ValuesOf<'names'> {
  readonly command: 'names'
  readonly manifests: readonly string[]
  readonly json: boolean
}

/** `postern roles`. */
export interface RolesConfig extends ValuesOf<'roles'> {
  readonly command: 'roles'
  readonly manifests: readonly string[]
}

/** `postern env`. */
export interface EnvConfig extends ValuesOf<'env'> {
  readonly command: 'env'
  readonly service: ServiceName
  readonly manifests: readonly string[]
}

/** `postern keys`. */
export interface KeysConfig {
  readonly command: 'keys'
  readonly task: KeysTask
  readonly json: boolean
}

/** `postern explain`. */
export interface ExplainConfig
  extends Omit<
    ValuesOf<'explain'>,
    SourceFlagId | TrustFlagId | 'kubeconfig' | 'gateway' | 'gatewayToken' | 'clusters' | 'clusterCidrs'
  > {
  readonly command: 'explain'
  /** In order of preference; the own one is the first. */
  readonly clusters: readonly ClusterShare[]
  readonly question: Question
  readonly source:
    | Exclude<ExplainSource, { type: 'registry' }>
    | (Extract<ExplainSource, { type: 'registry' }> & { readonly trust: TrustSource })
  readonly json: boolean
}

export type Config =
  | UpConfig
  | AgentConfig
  | GatewayConfig
  | RelayConfig
  | InspectConfig
  | NamesConfig
  | RolesConfig
  | EnvConfig
  | KeysConfig
  | ExplainConfig

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
  return readConfig(chosen.name, chosen.command, env)
}

function readConfig(name: CommandName, command: Command, env: Env): CommandLine {
  const given: Given = command.opts()
  const operand = takesOperand(name) ? command.args.find((arg) => !arg.startsWith('-')) : undefined
  const rest = command.args.filter((arg, i, all) => arg !== operand || all.indexOf(arg) !== i)
  const faults = rest.map((arg) => unexpected(name, arg))
  const read = <C extends CommandName>(of: C): ValuesOf<C> => readFlags(of, given, env, faults)
  const config = configOf(name, given, env, read, faults, operand)
  return faults.length > 0 || config === undefined ? { type: 'faults', faults } : { type: 'run', config }
}

function configOf(
  name: CommandName,
  given: Given,
  env: Env,
  read: <C extends CommandName>(of: C) => ValuesOf<C>,
  faults: string[],
  operand: string | undefined,
): Config | undefined {
  switch (name) {
    case 'up': {
      const manifests = readManifests(given, env, faults)
      const values = read(name)
      expectOneSource(manifests, values.kubeconfig, faults)
      checkTls(values, faults)
      return { command: name, manifests, ...values }
    }
    case 'agent': {
      const { signingKey, unsigned, ...values } = read(name)
      requireToken(values.serveRelay, flags.serveRelay.name, values.tokens, faults)
      if (values.acmeDirectory !== undefined && !values.acmeAgreeTerms) {
        faults.push(`${flags.acmeDirectory.name} needs ${flags.acmeAgreeTerms.name} true`)
      }
      const config = takeRedis(values, faults)
      const signing = readSigning({ signingKey, unsigned }, faults)
      return config && { command: name, ...config, signing }
    }
    case 'gateway': {
      const { clusters, clusterCidrs, trustedKeys, unsigned, ...values } = read(name)
      const config = takeSource(values, faults)
      checkTls(values, faults)
      const shares = readClusters({ ...values, clusters, clusterCidrs }, config?.registry, faults)
      const trust = readTrust({ trustedKeys, unsigned }, shares.map(nameOf), faults)
      return config && { command: name, ...config, clusters: shares, trust }
    }
    case 'relay': {
      const values = read(name)
      requireToken(values.listen, flags.listen.name, values.tokens, faults)
      const config = takeSource(values, faults)
      return config && { command: name, ...config }
    }
    case 'check':
    case 'routes': {
      const values = read(name)
      const manifests = needSource(given, env, values.kubeconfig, faults)
      return { command: name, manifests, format: readFormat(name, given, faults), ...values }
    }
    case 'names': {
      const values = read(name)
      const manifests = needSource(given, env, values.kubeconfig, faults)
      return { command: name, manifests, json: given.json === true, ...values }
    }
    case 'roles': {
      const values = read(name)
      const manifests = needSource(given, env, values.kubeconfig, faults)
      return { command: name, manifests, ...values }
    }
    case 'env': {
      const service = readServiceName(operand, faults)
      const values = read(name)
      const manifests = needSource(given, env, values.kubeconfig, faults)
      return service && { command: name, service, manifests, ...values }
    }
    case 'keys': {
      const task = readKeysTask(operand, read(name), faults)
      return task && { command: name, task, json: given.json === true }
    }
    case 'explain': {
      const question = readQuestionOptions(operand, given, faults)
      const manifests = readManifests(given, env, faults)
      const { clusters, clusterCidrs, trustedKeys, unsigned, ...values } = read(name)
      const place = readExplainSource(manifests, values, faults)
      const registry = place?.type === 'registry' ? place.registry : undefined
      const shares = readClusters({ ...values, clusters, clusterCidrs }, registry, faults)
      const source =
        place?.type === 'registry'
          ? { ...place, trust: readTrust({ trustedKeys, unsigned }, shares.map(nameOf), faults) }
          : place
      const json = given.json === true
      return question && source && { command: name, question, source, json, ...values, clusters: shares }
    }
  }
}

function readFlags<C extends CommandName>(name: C, given: Given, env: Env, faults: string[]): ValuesOf<C> {
  const values = commands[name].flags.map((id) => [id, readFlag<unknown>(flags[id], given, env, faults)])
  // Each id with the value that its own flag parsed, which TypeScript cannot follow through the entries.
  return Object.fromEntries(values) as ValuesOf<C>
}

/** The flag, else its variable, else its default; a fault is noted and the default stands in. */
function readFlag<T>(flag: Flag<T>, given: Given, env: Env, faults: string[]): T {
  const option = given[attributeOf(flag.name)]
  const typed = Array.isArray(option) ? option.join() : option
  if (typed === true && !flag.isSwitch) {
    faults.push(`${flag.name} needs a value: ${flag.metavar}`)
    return flag.fallback
  }
  const variable = flag.env.find((name) => env[name] !== undefined && env[name] !== '')
  const text =
    typed === true
      ? 'true'
      : typeof typed === 'string'
        ? typed
        : variable === undefined
          ? undefined
          : env[variable]
  if (text === undefined) return flag.fallback
  const parsed = flag.parse(text)
  if (parsed.ok) return parsed.value
  const source = typeof typed === 'string' ? flag.name : variable
  faults.push(`Cannot read ${source}: ${flag.isSecret ? 'it' : `"${text}"`} is wrong: ${parsed.reason}`)
  return flag.fallback
}

function nameOf({ name }: ClusterShare): string {
  return name
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

function attributeOf(name: string): string {
  return name.slice(2).replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())
}
