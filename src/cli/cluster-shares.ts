import type { ClusterShare } from '../gateway/cluster-member.ts'
import { type FlagValue, flags } from './flags.ts'
import { isFaulty, type RegistrySource } from './registry-source.ts'

export type ClusterFlagId = 'cluster' | 'clusters' | 'clusterCidrs'
type ClusterValues = { readonly [K in ClusterFlagId]: FlagValue<K> }

/** The clusters that the flags name, in order of preference: the own one alone without a word. Faults are noted. */
export function readClusters(
  { cluster, clusters, clusterCidrs }: ClusterValues,
  registry: RegistrySource | undefined,
  faults: string[],
): readonly ClusterShare[] {
  const shares = (clusters.length === 0 ? [{ name: cluster, weight: 1 }] : clusters).map((share) => ({
    ...share,
    within: clusterCidrs.get(share.name),
  }))
  const [list, cidrs] = [flags.clusters.name, flags.clusterCidrs.name]
  // What could not be read says nothing of what is missing.
  const [isListRead, areCidrsRead] = [!isFaulty(['clusters'], faults), !isFaulty(['clusterCidrs'], faults)]
  const [first, ...others] = shares
  if (first?.name !== cluster) {
    faults.push(
      `${list} begins with "${first?.name}", not with ${flags.cluster.name}, which is "${cluster}": its hosts are nobody else's`,
    )
  }
  for (const { name, within } of others) {
    if (name !== cluster && within === undefined && areCidrsRead) {
      faults.push(`${cidrs} has no block of cluster "${name}": where do its Pods and Nodes lie?`)
    }
  }
  for (const name of clusterCidrs.keys()) {
    if (!shares.some((share) => share.name === name) && isListRead) {
      faults.push(`${cidrs} has a block of "${name}", which is not a cluster that is served: see ${list}`)
    }
  }
  if (others.length > 0 && registry?.type === 'relay') {
    faults.push(
      `${list} names ${shares.length} clusters, and a relay serves one: give ${flags.redis.name} or ${flags.redisRest.name}, not ${flags.relayUrl.name}`,
    )
  }
  return shares
}
