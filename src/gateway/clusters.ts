import { compareProblems, type Problem } from '../model/problem.ts'
import { ClusterMember, type MemberOptions } from './cluster-member.ts'
import type { GatewayStatus } from './gateway-status.ts'
import type { RouteStatus } from './route-status.ts'
import type { ServedCluster } from './served-cluster.ts'

/** A problem, and whose it is where several clusters are served. */
export type ClusterProblem = Problem<string> & { readonly cluster?: string }

/** What one cluster is served from, and its share. */
export type ClusterStatus = { readonly name: string; readonly weight: number } & GatewayStatus

/** The clusters that one gateway serves, each followed for itself: one that cannot be read keeps no other from it. */
export class Clusters {
  readonly #members: readonly ClusterMember[]
  readonly #own: ClusterMember

  /** @throws Error when the own one is not among them */
  constructor(options: MemberOptions) {
    this.#members = options.shares.map((share) => new ClusterMember(share, options))
    const own = this.#members.find(({ share }) => share.name === options.own)
    if (own === undefined)
      throw new Error(`Cannot serve clusters: the own one, "${options.own}", is not among them`)
    this.#own = own
  }

  /** For plans, in order of preference. */
  get served(): readonly ServedCluster[] {
    return this.#members.map(({ served }) => served)
  }

  /** Whether the gateway's own cluster can be served. The others may come later. */
  get isLoaded(): boolean {
    return this.#own.gateway.table !== undefined
  }

  /** Whether the own cluster's table is, or was, as good as any other gateway's. */
  get hasGoodTable(): boolean {
    return this.#own.gateway.hasGoodTable
  }

  /** Whether an address (normalised) is a Node's of any of them. */
  isNode(address: string): boolean {
    return this.#members.some(({ gateway }) => gateway.table?.isNode(address))
  }

  /** What endpoints are asked to prove, and shown, in any of them. */
  tlsIds(): ReadonlySet<string> {
    return new Set(this.#members.flatMap(({ gateway }) => [...(gateway.table?.tlsIds() ?? [])]))
  }

  /** Follows all until aborted, and closes the copies. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#members.map((member) => member.follow(signal)))
  }

  routes(): RouteStatus[] {
    return this.#members.flatMap(({ gateway }) => gateway.routes())
  }

  problems(): ClusterProblem[] {
    return this.#members
      .flatMap(({ gateway, facts: { label } }): ClusterProblem[] =>
        label === undefined
          ? gateway.problems()
          : gateway.problems().map((problem) => ({ cluster: label, ...problem })),
      )
      .sort(compareProblems)
  }

  /** Of the own cluster. */
  status(): GatewayStatus {
    return this.#own.status
  }

  statuses(): ClusterStatus[] {
    return this.#members.map(({ share: { name, weight }, status }) => ({ name, weight, ...status }))
  }
}
