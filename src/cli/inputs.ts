import { MANIFESTS } from './flags.ts'
import type { ServiceName } from './service-env.ts'

/** Options as commander has them. */
export type Given = Readonly<Record<string, unknown>>

export type Env = Readonly<Record<string, string | undefined>>

export function readManifests(given: Given, env: Env, faults: string[]): readonly string[] {
  const typed = given.manifests
  if (typed === true) faults.push(`${MANIFESTS.name} needs a value: ${MANIFESTS.metavar}`)
  if (Array.isArray(typed)) return typed.map(String)
  return (env[MANIFESTS.env] ?? '').split(',').filter((path) => path !== '')
}

export function needManifests(given: Given, env: Env, faults: string[]): readonly string[] {
  const manifests = readManifests(given, env, faults)
  if (manifests.length === 0 && given.manifests !== true) {
    faults.push(`${MANIFESTS.name} (or ${MANIFESTS.env}) is missing: what shall be read?`)
  }
  return manifests
}

export function readServiceName(operand: string | undefined, faults: string[]): ServiceName | undefined {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(operand ?? '') ?? []
  if (namespace !== undefined && name !== undefined) return { namespace, name }
  faults.push(
    operand === undefined
      ? 'NAMESPACE/SERVICE is missing: whose variables?'
      : `Cannot read "${operand}": not NAMESPACE/SERVICE, such as shop/web`,
  )
  return undefined
}
