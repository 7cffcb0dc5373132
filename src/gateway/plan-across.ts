import type { BalanceState } from '../balance/endpoint.ts'
import { hashText } from '../balance/rendezvous.ts'
import { byShare, type Sharer } from '../balance/shares.ts'
import type { Peer } from '../identity/identify.ts'
import type { Random } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import { plan } from './plan.ts'
import type { Forward, Plan, PlanTable, Reply, RequestHead, RoadOptions, RoadState, Step } from './road.ts'
import type { TableService } from './table-service.ts'

/** A cluster that requests may be planned on, with its share of those that others can serve as well. */
export interface PlanCluster extends Sharer {
  /** As its table has it: undefined where it is the only one. */
  readonly name: string | undefined
  /** In force now; undefined until one is loaded. */
  readonly table: () => PlanTable | undefined
  /** What the road reads of it besides. */
  readonly present: RoadState
  /** What is known of its endpoints at the moment. */
  readonly state: Pick<BalanceState, 'hasSuspects' | 'isSuspect'>
}

/** What a gateway plans every request with. */
export interface ClusterRoad {
  /** The operator's order: a host is the first one's that knows it. Most gateways serve one. */
  readonly clusters: readonly PlanCluster[]
  readonly options: RoadOptions
  readonly random: Random
}

/** With these a cluster says that it has nothing there, or nothing that is known well enough. Every other answer is its last word. */
const HAS_NOTHING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'host-unknown',
  'endpoints-none',
  'registry-stale',
])

/**
 * The request's road where several clusters are served. The first cluster that knows the host owns it: what it refuses
 * stays refused, and in the others only the namespace that owns the host there may stand in for it or share it (the
 * sameness of namespaces that the Multicluster SIG asks of a ClusterSet), so that no cluster's tenants take another's hosts.
 * As pure as `plan`, but for `random`.
 *
 * @returns undefined when no table is loaded
 */
export function planAcross(
  head: RequestHead,
  peer: Peer,
  road: ClusterRoad,
  note?: (step: Step) => void,
): Plan | undefined {
  const only = road.clusters.length === 1 ? road.clusters[0] : undefined
  // Apart, so that where there is one cluster no request pays for an iterator and a closure.
  return only === undefined ? walk(head, peer, road, note) : planOn(only, head, peer, road, note)
}

/** Asks one cluster after the other, until one owns the host. */
function walk(
  head: RequestHead,
  peer: Peer,
  road: ClusterRoad,
  note: ((step: Step) => void) | undefined,
): Plan | undefined {
  const { clusters, random } = road
  const ask = (cluster: PlanCluster): Plan | undefined => planOn(cluster, head, peer, road, note)
  let unknown: Reply | undefined
  let isCertain = true
  for (const [index, cluster] of clusters.entries()) {
    const planned = ask(cluster)
    if (planned === undefined) isCertain = false
    else if (isUnknown(planned)) unknown ??= planned
    else return settle(planned, cluster, clusters.slice(index), random, ask, note)
  }
  // Who has not been read yet may know the host.
  return isCertain || unknown === undefined ? unknown : { ...unknown, error: 'endpoints-none' }
}

function planOn(
  cluster: PlanCluster,
  head: RequestHead,
  peer: Peer,
  { options }: ClusterRoad,
  note: ((step: Step) => void) | undefined,
): Plan | undefined {
  const table = cluster.table()
  note?.({ step: 'cluster', cluster: cluster.name, isLoaded: table !== undefined })
  const planned = table && plan(head, peer, table, options, cluster.present, note)
  if (planned !== undefined) note?.({ step: 'answer', type: planned.type })
  return planned
}

/**
 * The owner's plan, or that of a cluster which shares the host or stands in.
 *
 * @param clusters the owner and those after it: the others do not know the host
 */
function settle(
  planned: Plan,
  owner: PlanCluster,
  clusters: readonly PlanCluster[],
  random: Random,
  ask: (cluster: PlanCluster) => Plan | undefined,
  note: ((step: Step) => void) | undefined,
): Plan {
  const service = substitutable(planned, owner)
  if (isLastWord(planned) || service === undefined) return planned
  const affinity =
    service.record.affinity === 'client-ip' ? hashText(planned.passage.client.address) : undefined
  let lastResort = planned
  for (const cluster of byShare(clusters, affinity, random)) {
    const found = cluster === owner ? planned : ofSameNamespace(ask(cluster), planned, note)
    if (found === undefined) continue
    const other = found.type === 'forward' ? withClaimsOf(planned, service, found) : found
    if (other.type === 'wait') return other
    if (other.type === 'forward') {
      if (!isDown(other, cluster)) return other
      if (lastResort.type === 'reply') lastResort = other
    } else if (planned.type === 'reply' && isLastWord(other)) {
      // No further: a third cluster would be a way around this refusal.
      return other
    }
  }
  return lastResort
}

/** Whether nobody else may be asked. */
function isLastWord(planned: Plan): boolean {
  return planned.type === 'wait' || (planned.type === 'reply' && !HAS_NOTHING.has(planned.error))
}

/** A plan of another cluster, if the host is the same namespace's there: nobody else's counts. */
function ofSameNamespace(
  other: Plan | undefined,
  { passage: { host, route } }: Plan,
  note: ((step: Step) => void) | undefined,
): Plan | undefined {
  const owner = route?.rule.origin.namespace
  const namespace = other?.passage.route?.rule.origin.namespace
  if (other === undefined || owner === undefined || namespace === undefined) return undefined
  if (namespace === owner) return other
  note?.({ step: 'namespace', cluster: other.passage.cluster, host, namespace, owner })
  return undefined
}

/**
 * Elsewhere the Service may ask for no proof, or for another: what the owner's names as its own fields is not for the client
 * to send there either.
 */
function withClaimsOf(planned: Plan, { ownFields: names }: TableService, other: Forward): Forward {
  if (names === undefined) return other
  const said = planned.type === 'forward' ? planned.claims?.fields : undefined
  const { claims = { fields: said ?? [], names } } = other
  return { ...other, claims: { ...claims, names: new Set([...names, ...claims.names]) } }
}

/** The cluster does not know the host, or the request goes nowhere. */
function isUnknown(planned: Plan): planned is Reply & { readonly error: 'host-unknown' } {
  return planned.type === 'reply' && planned.error === 'host-unknown' && planned.passage.route === undefined
}

/** None of its endpoints could be connected to a moment ago: the cluster may be gone, and nobody left to tell. */
function isDown({ candidates }: Forward, { state }: PlanCluster): boolean {
  return state.hasSuspects && candidates.every(({ key }) => state.isSuspect(key))
}

/**
 * The Service that a plan leads to, if another cluster's may stand in for it. One that is missing could not be read:
 * what it restricts is not known. And a Pod of that name in another cluster is another Pod, with other data.
 */
function substitutable({ passage: { route, host } }: Plan, { table }: PlanCluster): TableService | undefined {
  const action = route?.rule.action
  if (action?.type !== 'forward' || action.endpoint === 'by-hostname') return undefined
  return table()?.service(action.service, host)
}
