import type { Random } from '../../model/clock.ts'
import type { Collection } from '../cluster/kinds.ts'
import type { KubeApi } from '../cluster/kube-api.ts'
import { KubeError } from '../cluster/kube-error.ts'
import type { RawObject } from '../cluster/wire.ts'
import { leaseOf, readLease } from './lease.ts'
import type { Leases } from './leases.ts'

/** As the watches of objects: they end by themselves after 5 to 10 minutes. */
const WATCH_SECONDS = 300

export interface LeaseName {
  readonly namespace: string
  readonly name: string
}

/** One Lease in a cluster. The agent's Role names it (infra/kustomize). */
export function kubeLeases(
  api: Pick<KubeApi, 'list' | 'watch' | 'send'>,
  { namespace, name }: LeaseName,
  random: Random,
): Leases {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const collection: Collection = {
    kind: 'Lease',
    isNamespaced: true,
    path,
    fieldSelector: `metadata.name=${name}`,
  }
  return {
    read: async (signal) => {
      // A list without a version is as fresh as etcd, and says where to watch from.
      const items: RawObject[] = []
      const { resourceVersion } = await api.list(collection, '', signal, (item) => {
        items.push(item)
      })
      return { lease: items[0] && readLease(items[0]), version: resourceVersion }
    },
    watch: async (version, signal, onLease) => {
      const seconds = Math.ceil(WATCH_SECONDS * (1 + random()))
      const open = (): void => {}
      await api.watch(collection, version, seconds, signal, open, (event) => {
        if (event.type === 'BOOKMARK') return
        onLease(event.type === 'DELETED' ? undefined : readLease(event.object))
      })
    },
    write: async (bid, now, signal) => {
      const body = leaseOf(bid, name, now)
      const isNew = bid.over === undefined
      try {
        const written = isNew
          ? await api.send(path, { method: 'POST', body }, signal)
          : await api.send(`${path}/${name}`, { method: 'PATCH', body }, signal)
        return readLease(written)
      } catch (error) {
        if (isRefusal(error, isNew)) return 'refused'
        throw error
      }
    },
  }
}

/** Somebody else was there first: with a change, or, where one was to be changed, by deleting it. */
function isRefusal(error: unknown, isNew: boolean): boolean {
  return error instanceof KubeError && (error.status === 409 || (error.status === 404 && !isNew))
}
