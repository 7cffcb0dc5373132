import type { Place } from '../balance/place.ts'
import { hashText } from '../balance/rendezvous.ts'
import { RateLimits, type Sharing } from '../limits/rate-limits.ts'
import type { Cidr } from '../model/address.ts'
import type { Clock } from '../model/clock.ts'
import type { RegistryReader } from '../registry/port.ts'
import type { AccessReader } from './access/access-check.ts'
import type { IdentityBook } from './backend-tls/identity-book.ts'
import type { ExternalNames } from './external-names.ts'
import { Freshness } from './freshness.ts'
import { watchFreshness } from './freshness-watch.ts'
import { Gateway, type GatewayOptions, type Keeper, type Stored } from './gateway.ts'
import { type Copy, type GatewayStatus, gatewayStatus } from './gateway-status.ts'
import { roadState } from './road-state.ts'
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

/** What every cluster of a gateway is served with. */
export interface MemberOptions extends Pick<GatewayOptions, 'timers' | 'random' | 'digest' | 'onTrouble'> {
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

/** One of a gateway's clusters: followed, kept on disk, and planned on, for itself. */
export class ClusterMember {
  readonly share: ClusterShare
  readonly facts: ClusterFacts
  readonly gateway: Gateway
  readonly served: ServedCluster
  readonly #copy: ClusterCopy | undefined
  readonly #options: MemberOptions

  constructor(share: ClusterShare, options: MemberOptions) {
    this.share = share
    this.#options = options
    const label = options.shares.length === 1 ? undefined : share.name
    const freshness = new Freshness(options.clock, options.maxStaleMs)
    const onTrouble = label === undefined ? options.onTrouble : troubleIn(label, options.onTrouble)
    this.facts = { name: share.name, label, freshness, onTrouble }
    this.#copy = options.copyOf?.(this.facts)
    this.gateway = this.#createGateway()
    this.served = this.#serve()
  }

  get status(): GatewayStatus {
    const { isSigned, clock } = this.#options
    return { ...gatewayStatus(this.gateway, this.facts.freshness, this.#copy, clock.now()), isSigned }
  }

  /** Follows it until aborted, and closes the copy. */
  async follow(signal: AbortSignal): Promise<void> {
    const { freshness, onTrouble } = this.facts
    const watch = watchFreshness(freshness, this.#options.timers, onTrouble)
    // Nothing here may hold what is on disk: it is let go once it is not needed.
    await Promise.resolve(this.#copy?.read()).then((stored) => this.gateway.run(signal, stored))
    watch.stop()
    await this.#copy?.close()
  }

  #createGateway(): Gateway {
    const { own, place, readerOf, newsOf, timers, random, digest, onTable } = this.#options
    const { name, within } = this.share
    const { label, freshness, onTrouble } = this.facts
    return new Gateway({
      timers,
      random,
      ...(digest && { digest }),
      freshness,
      onTrouble,
      onTable,
      cluster: label,
      keeper: this.#copy,
      reader: readerOf(name),
      // A Node elsewhere may have the name of the one here. Zones are the operator's own.
      place: name === own ? { ...place, within } : { ...place, node: undefined, within },
      ...(newsOf && { onNews: newsOf(this.facts) }),
    })
  }

  #serve(): ServedCluster {
    const { clock, random, sharingOf, names, tokens, access, identities } = this.#options
    const { name, weight } = this.share
    const { gateway, facts } = this
    const { label, freshness } = facts
    const sharing = sharingOf?.(name)
    const rates = sharing && new RateLimits({ clock, random, sharing })
    const state = new GatewayState(clock, rates)
    return {
      name: label,
      weight,
      hash: hashText(name),
      table: () => gateway.table,
      state,
      present: roadState(names, freshness, { tokens, access, limits: rates && state, identities }),
    }
  }
}

function troubleIn(cluster: string, tell: (error: Error) => void): (error: Error) => void {
  return ({ message, cause }) => tell(new Error(`In cluster ${cluster}: ${message}`, { cause }))
}
