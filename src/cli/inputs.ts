import { type Format, formats } from './commands.ts'
import { flags, MANIFESTS } from './flags.ts'
import type { ServiceName } from './service-env.ts'

/** Options as commander has them. */
export type Given = Readonly<Record<string, unknown>>

export type Env = Readonly<Record<string, string | undefined>>

/** What a command was given. Reading notes every fault, and goes on. */
export interface Input {
  readonly given: Given
  readonly env: Env
  /** What stands behind the command without a flag. */
  readonly operand: string | undefined
  readonly faults: string[]
}

export function readManifests({ given, env, faults }: Input): readonly string[] {
  const typed = given.manifests
  if (typed === true) faults.push(`${MANIFESTS.name} needs a value: ${MANIFESTS.metavar}`)
  if (Array.isArray(typed)) return typed.map(String)
  return (env[MANIFESTS.env] ?? '').split(',').filter((path) => path !== '')
}

/** Manifests or a cluster, and not both. */
export function needSource(input: Input, kubeconfig: string | undefined): readonly string[] {
  const { given, faults } = input
  const manifests = readManifests(input)
  expectOneSource(manifests, kubeconfig, faults)
  if (manifests.length === 0 && given.manifests !== true && kubeconfig === undefined) {
    faults.push(
      `${MANIFESTS.name} (or ${MANIFESTS.env}) or ${flags.kubeconfig.name} is missing: what shall be read?`,
    )
  }
  return manifests
}

export function expectOneSource(
  manifests: readonly string[],
  kubeconfig: string | undefined,
  faults: string[],
): void {
  if (manifests.length === 0 || kubeconfig === undefined) return
  faults.push(
    `${MANIFESTS.name} and ${flags.kubeconfig.name} cannot both be given: read files, or a cluster?`,
  )
}

export function readFormat(name: keyof typeof formats, { given, faults }: Input): Format {
  const { format, json } = given
  const known: readonly Format[] = formats[name]
  const asked = format ?? (json === true ? 'json' : known[0])
  const found = known.find((each) => each === asked)
  if (found === undefined) {
    faults.push(`Cannot read --format: "${asked}" is wrong: not one of ${known.join(', ')}`)
  }
  if (json === true && found !== 'json') faults.push('--json and --format say different things')
  return found ?? 'text'
}

export function readServiceName({ operand, faults }: Input): ServiceName | undefined {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(operand ?? '') ?? []
  if (namespace !== undefined && name !== undefined) return { namespace, name }
  faults.push(
    operand === undefined
      ? 'NAMESPACE/SERVICE is missing: whose variables?'
      : `Cannot read "${operand}": not NAMESPACE/SERVICE, such as shop/web`,
  )
  return undefined
}
