import { type KubeObject, keyOf, parseObject } from '../../model/objects/object.ts'
import type { Problem } from '../../model/problem.ts'
import { type OptionalKind, optionalKinds, type WatchedKind, watchedKinds } from './kinds.ts'
import type { KubeApi } from './kube-api.ts'
import { isStatus } from './kube-error.ts'

interface Objects {
  readonly objects: Map<string, KubeObject>
  readonly problems: Problem[]
}

/**
 * Everything in a cluster that matters, read once; but for Secrets, which are read by name.
 * @throws KubeError when a kind cannot be listed: what is missing would look like a fault of the rest
 */
export async function readObjects(
  api: KubeApi,
  signal: AbortSignal,
  kinds: readonly WatchedKind[] = watchedKinds,
  optional: readonly OptionalKind[] = optionalKinds,
): Promise<Objects> {
  const found: Objects = { objects: new Map(), problems: [] }
  for (const kind of kinds) await readKind(api, kind, signal, found)
  for (const kind of optional) await readOptional(api, kind, signal, found)
  return found
}

async function readKind(
  api: KubeApi,
  watched: WatchedKind,
  signal: AbortSignal,
  { objects, problems }: Objects,
): Promise<void> {
  const { kind, apiVersion } = watched
  let next = ''
  do {
    const page = await api.list(watched, next, signal, (item) => {
      // Items of a list have no type of their own.
      const parsed = parseObject({ ...item, apiVersion, kind })
      if (parsed.type === 'object') objects.set(keyOf(parsed.object), parsed.object)
      if (parsed.type === 'problems') problems.push(...parsed.problems)
    })
    next = page.next
  } while (next !== '')
}

/** In the newest version that the cluster has and we may read. Of a group that is not there 403 is said as well. */
async function readOptional(
  api: KubeApi,
  { versions }: OptionalKind,
  signal: AbortSignal,
  found: Objects,
): Promise<void> {
  for (const version of versions) {
    try {
      await readKind(api, version, signal, found)
      return
    } catch (error) {
      if (!isStatus(error, 404) && !isStatus(error, 403)) throw error
    }
  }
}
