import { stringify } from 'yaml'
import type { CompileOptions } from '../compile/output.ts'
import type { SecretReference } from '../compile/secrets/reference.ts'
import { referencesOf } from '../compile/service.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { compareText } from '../model/problem.ts'
import type { ServiceAccount } from './roles-flags.ts'

const ROLE = 'postern-agent-secrets'
const API = 'rbac.authorization.k8s.io'

/**
 * A Role and its binding for each namespace, as YAML: the agent may read exactly the Secrets and ConfigMaps that exposed
 * Services name, each by its name. @param only the one namespace that is asked for
 */
export function rolesOf(
  objects: Iterable<KubeObject>,
  options: CompileOptions,
  account: ServiceAccount,
  only?: string,
): string {
  const references = [...objects].flatMap((object) =>
    object.kind === 'Service' ? referencesOf(object, options) : [],
  )
  const namespaces = [...Map.groupBy(references, ({ namespace }) => namespace)]
    .filter(([namespace]) => only === undefined || namespace === only)
    .sort(([a], [b]) => compareText(a, b))
  if (namespaces.length === 0) {
    return `# No exposed Service${only === undefined ? '' : ` of namespace ${only}`} names a Secret or ConfigMap.\n`
  }
  return namespaces
    .flatMap(([namespace, some]) => [roleOf(namespace, some), bindingOf(namespace, account)])
    .map((object) => stringify(object))
    .join('---\n')
}

function roleOf(namespace: string, references: readonly SecretReference[]): object {
  const rules = (['Secret', 'ConfigMap'] as const).flatMap((kind) => {
    const names = references.filter((reference) => reference.kind === kind).map(({ name }) => name)
    if (names.length === 0) return []
    const resourceNames = [...new Set(names)].sort(compareText)
    const resources = [kind === 'Secret' ? 'secrets' : 'configmaps']
    return [{ apiGroups: [''], resources, resourceNames, verbs: ['list', 'watch'] }]
  })
  return {
    apiVersion: `${API}/v1`,
    kind: 'Role',
    metadata: { name: ROLE, namespace },
    rules: [...rules, ...writing(references)],
  }
}

/** Of Secrets that are ordered (docs/acme.md). RBAC cannot tell names where a thing is created: none is there yet. */
function writing(references: readonly SecretReference[]): readonly object[] {
  const names = references.filter(({ isManaged }) => isManaged).map(({ name }) => name)
  if (names.length === 0) return []
  const secrets = { apiGroups: [''], resources: ['secrets'] }
  const resourceNames = [...new Set(names)].sort(compareText)
  return [
    { ...secrets, resourceNames, verbs: ['patch'] },
    { ...secrets, verbs: ['create'] },
  ]
}

function bindingOf(namespace: string, account: ServiceAccount): object {
  return {
    apiVersion: `${API}/v1`,
    kind: 'RoleBinding',
    metadata: { name: ROLE, namespace },
    roleRef: { apiGroup: API, kind: 'Role', name: ROLE },
    subjects: [{ kind: 'ServiceAccount', name: account.name, namespace: account.namespace }],
  }
}
