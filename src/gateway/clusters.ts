import type { Place } from '../balance/place.ts'
import { hashText } from '../balance/rendezvous.ts'
import { RateLimits, type Sharing } from '../limits/rate-limits.ts'
import type { Cidr } from '../model/address.ts'
import type { Clock } from '../model/clock.ts'
import { compareProblems, type Problem } from '../model/problem.ts'
import type { RegistryReader } from '../registry/port.ts'
import type { AccessReader } from './access/access-check.ts'
import type { IdentityBook } from './backend-tls/identity-book.ts'
import type { ExternalNames } from './external-names.ts'
import { Freshness } from './freshness.ts'
import { watchFreshness } from './freshness-watch.ts'
import { Gateway, type GatewayOptions, type Keeper, type Stored } from './gateway.ts'
import { type Copy, type GatewayStatus, gatewayStatus } from './gateway-status.ts'
import { roadState } from './road-state.ts'
import type { RouteStatus } from './route-status.ts'
import type { ServedCluster } from './served-cluster.ts'
import { GatewayState } from './state.ts'
import type { TokenBook } from './tokens/token-book.ts'

/** A cluster to be served, as the operator has it. */
export interface ClusterShare {
  readonly name: string
  /** Its share of the requests that others can serve as well. 0: only those that they cannot. */
  readonly weight: number
  /** Where its endpoints may lie; undefined: anywhere. */
  readonly within: readonly Cidr[] | undefined
}

/** The last good records of one cluster, kept for the next process. */
export interface ClusterCopy extends Keeper, Copy {
  /** Never rejects. */
  read(): Promise<Stored | undefined>
  close(): Promise<void>
}

/** What a part of one cluster is made with. */
export interface ClusterFacts {
  readonly name: string
  /** The same; undefined where no other is served, and nobody need be told. */
  readonly label: string | undefined
  readonly freshness: Freshness
  readonly onTrouble: (error: Error) => void
}

export interface ClustersOptions extends Pick<GatewayOptions, 'timers' | 'random' | 'digest' | 'onTrouble'> {
  /** In order of preference; at least the gateway's own. */
  readonly shares: readonly ClusterShare[]
  /** The cluster that the gateway runs in. */
  readonly own: string
  /** Where it stands there. */
  readonly place: Place
  readonly maxStaleMs: number
  readonly names: Pick<ExternalNames, 'externalEndpoints' | 'troublesOf'>
  readonly tokens: Pick<TokenBook, 'verdict'>
  readonly identities: Pick<IdentityBook, 'identityOf'>
  readonly access: AccessReader
  readonly clock: Clock
  readonly readerOf: (cluster: string) => RegistryReader
  /** Whether only heads are taken that a trusted key has signed: for operators to see. */
  readonly isSigned: boolean
  /** Who else counts the rate limits of a cluster's Services; undefined: no request is carried out, so that none counts. */
  readonly sharingOf: ((cluster: string) => Sharing) | undefined
  readonly copyOf?: (cluster: ClusterFacts) => ClusterCopy | undefined
  readonly newsOf?: (cluster: ClusterFacts) => NonNullable<GatewayOptions['onNews']>
  /** A newer table or change of one of them is in force. */
  readonly onTable: () => void
}

/** A problem, and whose it is where several clusters are served. */
export type ClusterProblem = Problem<string> & { readonly cluster?: string }

/** What one cluster is served from, and its share. */
export type ClusterStatus = { readonly name: string; readonly weight: number } & GatewayStatus

interface Member {
  readonly share: ClusterShare
  readonly facts: ClusterFacts
  readonly gateway: Gateway
  readonly copy: ClusterCopy | undefined
  readonly served: ServedCluster
}

/** The clusters that one gateway serves, each followed for itself: one that cannot be read keeps no other from it. */
export class Clusters {
  readonly #options: ClustersOptions
  readonly #members: readonly Member[]
  readonly #own: Member

  /** @throws Error when the own one is not among them */
  constructor(options: ClustersOptions) {
    this.#options = options
    this.#members = options.shares.map((share) => memberOf(share, options))
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
    await Promise.all(this.#members.map((member) => this.#follow(member, signal)))
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
    return statusOf(this.#own, this.#options)
  }

  statuses(): ClusterStatus[] {
    return this.#members.map((member) => {
      const { name, weight } = member.share
      return { name, weight, ...statusOf(member, this.#options) }
    })
  }

  async #follow({ gateway, copy, facts }: Member, signal: AbortSignal): Promise<void> {
    const watch = watchFreshness(facts.freshness, this.#options.timers, facts.onTrouble)
    // Nothing here may hold what is on disk: it is let go once it is not needed.
    await Promise.resolve(copy?.read()).then((stored) => gateway.run(signal, stored))
    watch.stop()
    await copy?.close()
  }
}

function memberOf(share: ClusterShare, options: ClustersOptions): Member {
  const {
    own,
    place,
    readerOf,
    copyOf,
    newsOf,
    clock,
    names,
    tokens,
    access,
    timers,
    random,
    digest,
    identities,
  } = options
  const label = options.shares.length === 1 ? undefined : share.name
  const freshness = new Freshness(clock, options.maxStaleMs)
  const onTrouble = label === undefined ? options.onTrouble : troubleIn(label, options.onTrouble)
  const facts = { name: share.name, label, freshness, onTrouble }
  const copy = copyOf?.(facts)
  const { within } = share
  const gateway = new Gateway({
    timers,
    random,
    ...(digest && { digest }),
    freshness,
    onTrouble,
    onTable: options.onTable,
    cluster: label,
    keeper: copy,
    reader: readerOf(share.name),
    // A Node elsewhere may have the name of the one here. Zones are the operator's own.
    place: share.name === own ? { ...place, within } : { ...place, node: undefined, within },
    ...(newsOf && { onNews: newsOf(facts) }),
  })
  const sharing = options.sharingOf?.(share.name)
  const rates = sharing && new RateLimits({ clock, random, sharing })
  const state = new GatewayState(clock, rates)
  const served = {
    name: label,
    weight: share.weight,
    hash: hashText(share.name),
    table: () => gateway.table,
    state,
    present: roadState(names, freshness, { tokens, access, limits: rates && state, identities }),
  }
  return { share, facts, gateway, copy, served }
}

function statusOf(
  { gateway, copy, facts }: Member,
  { isSigned, clock }: Pick<ClustersOptions, 'isSigned' | 'clock'>,
): GatewayStatus {
  return { ...gatewayStatus(gateway, facts.freshness, copy, clock.now()), isSigned }
}

function troubleIn(cluster: string, tell: (error: Error) => void): (error: Error) => void {
  return ({ message, cause }) => tell(new Error(`In cluster ${cluster}: ${message}`, { cause }))
}
