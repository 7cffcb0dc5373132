/** Names of a cluster's keys: all carry its hash tag, so that they are one slot of a Redis Cluster. */
export interface RedisKeys {
  readonly head: string
  readonly kinds: string
  readonly changes: string
  /** Start of the name of each kind's hash. */
  readonly records: string
  /** Start of the names of hashes that are being written and nobody reads. */
  readonly staged: string
}

export function redisKeys(cluster: string): RedisKeys {
  const prefix = `postern:{${cluster}}:`
  return {
    head: `${prefix}head`,
    kinds: `${prefix}kinds`,
    changes: `${prefix}changes`,
    records: `${prefix}records:`,
    staged: `${prefix}staged:`,
  }
}
