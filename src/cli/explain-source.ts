import { flags, MANIFESTS } from './flags.ts'
import { type RegistrySource, type SourceFlagId, sourceValues, takeSource } from './registry-source.ts'
import type { Secret } from './secret-values.ts'

/** Where the table is that a request is explained on. */
export type ExplainSource =
  | { readonly type: 'manifests'; readonly paths: readonly string[] }
  | { readonly type: 'cluster'; readonly kubeconfig: string }
  | { readonly type: 'registry'; readonly registry: RegistrySource }
  | { readonly type: 'gateway'; readonly url: string; readonly token: Secret | undefined }

interface Sources extends Pick<Parameters<typeof takeSource>[0], SourceFlagId> {
  readonly kubeconfig: string | undefined
  readonly gateway: string | undefined
  readonly gatewayToken: Secret | undefined
}

/** Exactly one of the four; else a fault is noted. */
export function readExplainSource(
  paths: readonly string[],
  values: Sources,
  faults: string[],
): ExplainSource | undefined {
  const { kubeconfig, gateway, gatewayToken: token } = values
  const registryFlags = sourceValues(values)
  const sources: ExplainSource[] = []
  if (paths.length > 0) sources.push({ type: 'manifests', paths })
  if (kubeconfig !== undefined) sources.push({ type: 'cluster', kubeconfig })
  if (gateway !== undefined) sources.push({ type: 'gateway', url: gateway, token })
  if (Object.values(registryFlags).some((value) => value !== undefined)) {
    const taken = takeSource(registryFlags, faults)
    if (taken === undefined) return undefined
    sources.push({ type: 'registry', registry: taken.registry })
  }
  const [source] = sources
  if (source !== undefined && sources.length === 1) return source
  const registries = [flags.redis, flags.relayUrl, flags.redisRest].map(({ name }) => name).join(', ')
  const names = `${MANIFESTS.name}, ${flags.kubeconfig.name}, ${flags.gateway.name} or a registry (${registries})`
  faults.push(
    sources.length > 1
      ? `Only one of ${names} can be given: on what shall the request be explained?`
      : `One of ${names} is missing: on what shall the request be explained?`,
  )
  return undefined
}
