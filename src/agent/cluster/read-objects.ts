import { type KubeObject, keyOf, parseObject } from '../../model/objects/object.ts'
import type { Problem } from '../../model/problem.ts'
import { type WatchedKind, watchedKinds } from './kinds.ts'
import type { KubeApi } from './kube-api.ts'

/**
 * Everything in a cluster that matters, read once; but for Secrets, which are read by name.
 * @throws KubeError when a kind cannot be listed: what is missing would look like a fault of the rest
 */
export async function readObjects(
  api: KubeApi,
  signal: AbortSignal,
  kinds: readonly WatchedKind[] = watchedKinds,
): Promise<{ objects: Map<string, KubeObject>; problems: Problem[] }> {
  const objects = new Map<string, KubeObject>()
  const problems: Problem[] = []
  for (const watched of kinds) {
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
  return { objects, problems }
}
