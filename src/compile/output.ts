import type { Cidr } from '../model/address.ts'
import type { Service } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import type { PosternRecord } from '../model/records.ts'
import type { HostAllowance } from './allowed-hosts.ts'
import type { GatewayPods } from './gateway-pods.ts'
import type { HostTemplate } from './host-template.ts'
import type { CertificateReader } from './secrets/certificate-reader.ts'

/** What every compiler returns. Nothing throws because of a user's object. */
export interface Compiled {
  readonly records: readonly PosternRecord[]
  readonly problems: readonly Problem[]
}

/** A Service as it is now (undefined when it is gone), and whether a hostname is its own. */
export interface ServiceExposure {
  /** namespace/name */
  readonly name: string
  readonly service: Service | undefined
  readonly isExposed: boolean
  /** The hosts that requests come to it by: it has a rule there, and nobody else's keeps it out. */
  readonly hosts: readonly string[]
}

/** What the whole cluster's compiler is told by the operator. */
export interface CompileOptions {
  /** The domain below which default hostnames lie. */
  readonly domain: string
  /** How default hostnames are made: `<service>.<namespace>.<domain>` unless the operator wants another form. */
  readonly hostTemplate: HostTemplate
  /**
   * Who may claim other hostnames: `open`, everyone, and the oldest object keeps one; `strict`, only namespaces that
   * are allowed to, by `allowHosts` or their Namespace's annotation.
   */
  readonly hostClaims: 'open' | 'strict'
  readonly allowHosts: readonly HostAllowance[]
  /** Services of type LoadBalancer with this `loadBalancerClass` are exposed with no annotation. */
  readonly loadBalancerClass: string
  /** Services of type ExternalName may be exposed. */
  readonly allowExternalNames: boolean
  /** Services may have whoever answers at their endpoints believed, without a certificate that proves it. */
  readonly allowUnverifiedBackends: boolean
  /** The gateways' Pods, whom NetworkPolicies must admit. */
  readonly gatewayPods: GatewayPods
  /** Where endpoints may lie that are no Pods. */
  readonly endpointCidrs: readonly Cidr[]
  /** Where endpoints may lie on this machine: in files alone, whose Pods may be processes. Nowhere in a cluster. */
  readonly loopbackCidrs: readonly Cidr[]
  /** Reads certificates, which web-standard APIs cannot. */
  readonly certificates: CertificateReader
}

/** One thing that an object says, or the problem that keeps it from being served. */
export type Part<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem }
