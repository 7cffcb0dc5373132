import type { Cidr } from '../model/address.ts'
import type { Problem } from '../model/problem.ts'
import type { PosternRecord } from '../model/records.ts'
import type { GatewayPods } from './gateway-pods.ts'

/** What every compiler returns. Nothing throws because of a user's object. */
export interface Compiled {
  readonly records: readonly PosternRecord[]
  readonly problems: readonly Problem[]
}

/** What the whole cluster's compiler is told by the operator. */
export interface CompileOptions {
  /** Default hostnames are `<service>.<namespace>.<domain>`. */
  readonly domain: string
  /** Services of type LoadBalancer with this `loadBalancerClass` are exposed with no annotation. */
  readonly loadBalancerClass: string
  /** The gateways' Pods, whom NetworkPolicies must admit. */
  readonly gatewayPods: GatewayPods
  /** Where endpoints may lie that are no Pods. */
  readonly endpointCidrs: readonly Cidr[]
  /** Endpoints on this machine: for `postern up` alone, whose Pods are processes. */
  readonly allowLoopback: boolean
}
