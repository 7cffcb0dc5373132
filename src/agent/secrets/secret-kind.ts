import type { SecretReference } from '../../compile/secrets/reference.ts'
import type { WatchedKind } from '../cluster/kinds.ts'

/** A collection of one object: RBAC takes this field selector for the name that a Role gives the right to. */
export function secretKind({ kind, namespace, name }: SecretReference): WatchedKind {
  const resource = kind === 'Secret' ? 'secrets' : 'configmaps'
  return {
    kind,
    apiVersion: 'v1',
    isNamespaced: true,
    path: `/api/v1/namespaces/${namespace}/${resource}`,
    fieldSelector: `metadata.name=${name}`,
  }
}
