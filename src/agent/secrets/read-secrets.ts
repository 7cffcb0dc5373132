import type { SecretReference } from '../../compile/secrets/reference.ts'
import { type KubeObject, keyOf, objectKey } from '../../model/objects/object.ts'
import type { Problem } from '../../model/problem.ts'
import type { KubeApi } from '../cluster/kube-api.ts'
import { KubeError } from '../cluster/kube-error.ts'
import { readObjects } from '../cluster/read-objects.ts'
import { secretKind } from './secret-kind.ts'

const FORBIDDEN = 403

/**
 * The Secrets and ConfigMaps that Services name, read once.
 * @returns also the keys of those that whoever asks may not read: they may be there
 * @throws KubeError when one cannot be read for another reason
 */
export async function readSecrets(
  api: KubeApi,
  references: readonly SecretReference[],
  signal: AbortSignal,
): Promise<{ objects: Map<string, KubeObject>; problems: Problem[]; withheld: string[] }> {
  const named = new Map(references.map((each) => [objectKey(each.kind, each.namespace, each.name), each]))
  const objects = new Map<string, KubeObject>()
  const problems: Problem[] = []
  const withheld: string[] = []
  for (const [key, reference] of named) {
    try {
      const found = await readObjects(api, signal, [secretKind(reference)], [])
      for (const object of found.objects.values()) objects.set(keyOf(object), object)
      problems.push(...found.problems)
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== FORBIDDEN) throw error
      withheld.push(key)
    }
  }
  return { objects, problems, withheld }
}
