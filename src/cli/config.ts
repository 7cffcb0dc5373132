import type { ClusterShare } from '../gateway/cluster-member.ts'
import type { Question } from '../gateway/explain/request.ts'
import type { Format, formats } from './commands.ts'
import type { ExplainSource } from './explain-source.ts'
import type { KeysTask } from './keys/keys-config.ts'
import type { ValuesOf } from './read-flags.ts'
import type { RedisFlagId, RedisSource, RegistrySource, SourceFlagId } from './registry-source.ts'
import type { ServiceName } from './service-env.ts'
import type { SigningFlagId, SigningSource, TrustFlagId, TrustSource } from './trust-source.ts'

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
