import * as v from 'valibot'
import { excerpt } from '../excerpt.ts'
import type { Problem } from '../problem.ts'
import { type EndpointSlice, endpointSliceSchema } from './endpoint-slice.ts'
import { type Endpoints, endpointsSchema } from './endpoints.ts'
import { type Namespace, namespaceSchema } from './namespace.ts'
import { type NetworkPolicy, networkPolicySchema } from './network-policy.ts'
import { type Node, nodeSchema } from './node.ts'
import { type Pod, podSchema } from './pod.ts'
import { type ConfigMap, configMapSchema, type Secret, secretSchema } from './secret.ts'
import { type Service, serviceSchema } from './service.ts'
import { type ServiceExport, serviceExportSchema } from './service-export.ts'
import { type ServiceImport, serviceImportSchema } from './service-import.ts'
import { type Workload, workloadSchema } from './workload.ts'

/** Every object that Postern reads, stripped to what it uses. */
export type KubeObject =
  | Service
  | EndpointSlice
  | Endpoints
  | Pod
  | Node
  | Namespace
  | NetworkPolicy
  | Workload
  | ServiceExport
  | Secret
  | ConfigMap
  | ServiceImport

const schemas = new Map<string, v.GenericSchema<unknown, KubeObject>>([
  ['v1/Service', serviceSchema],
  ['discovery.k8s.io/v1/EndpointSlice', endpointSliceSchema],
  ['v1/Endpoints', endpointsSchema],
  ['v1/Pod', podSchema],
  ['v1/Node', nodeSchema],
  ['v1/Namespace', namespaceSchema],
  ['networking.k8s.io/v1/NetworkPolicy', networkPolicySchema],
  ['apps/v1/Deployment', workloadSchema],
  ['apps/v1/StatefulSet', workloadSchema],
  ['apps/v1/DaemonSet', workloadSchema],
  ['apps/v1/ReplicaSet', workloadSchema],
  ['v1/ReplicationController', workloadSchema],
  ['multicluster.x-k8s.io/v1alpha1/ServiceExport', serviceExportSchema],
  ['multicluster.x-k8s.io/v1beta1/ServiceExport', serviceExportSchema],
  ['v1/Secret', secretSchema],
  ['v1/ConfigMap', configMapSchema],
  ['multicluster.x-k8s.io/v1alpha1/ServiceImport', serviceImportSchema],
  ['multicluster.x-k8s.io/v1beta1/ServiceImport', serviceImportSchema],
])

export type ObjectParse =
  | { readonly type: 'object'; readonly object: KubeObject }
  | { readonly type: 'problems'; readonly problems: readonly Problem[] }
  /** A kind that Postern does not read. */
  | { readonly type: 'ignored' }

/** Of one object that many are told; the others most often come from the same slip. */
const MAX_ISSUES = 20

const typeMeta = v.looseObject({ apiVersion: v.string(), kind: v.string() })

/** Reads one Kubernetes object. Unknown fields are dropped; a wrong one is a problem that names it. */
export function parseObject(raw: unknown): ObjectParse {
  const type = v.safeParse(typeMeta, raw)
  if (!type.success) return invalid(raw, type.issues)
  const schema = schemas.get(`${type.output.apiVersion}/${type.output.kind}`)
  if (schema === undefined) return { type: 'ignored' }
  // `metadata` becomes `meta`, so that parsed objects cannot be mistaken for foreign ones.
  const { metadata, ...rest } = type.output
  const parsed = v.safeParse(schema, { ...rest, meta: metadata })
  return parsed.success ? { type: 'object', object: parsed.output } : invalid(raw, parsed.issues)
}

/** kind/namespace/name: unique among the objects of a cluster that Postern reads. */
export function objectKey(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`
}

/** The parts of a key. Of an object that cannot be read the name may hold anything. */
export function splitKey(key: string): { kind: string; namespace: string; name: string } {
  const [kind = '', namespace = '', ...name] = key.split('/')
  return { kind, namespace, name: name.join('/') }
}

export function keyOf(object: KubeObject): string {
  return objectKey(object.kind, object.meta.namespace, object.meta.name)
}

/** Of what an object says of itself, when it says it wrong: at least short. */
const shown = v.pipe(
  v.string(),
  v.transform((text) => excerpt(text, 253)),
)
const identitySchema = v.object({
  kind: v.fallback(shown, '(no kind)'),
  metadata: v.fallback(
    v.object({ namespace: v.fallback(shown, 'default'), name: v.fallback(shown, '(no name)') }),
    { namespace: 'default', name: '(no name)' },
  ),
})

function invalid(raw: unknown, issues: readonly v.BaseIssue<unknown>[]): ObjectParse {
  const identity = v.safeParse(identitySchema, raw)
  const { kind, metadata } = identity.success
    ? identity.output
    : { kind: '(no kind)', metadata: { namespace: 'default', name: '(no name)' } }
  const problems = issues.slice(0, MAX_ISSUES).map((issue): Problem => {
    const field = excerpt(fieldOf(issue), 500)
    return {
      code: 'object-invalid',
      severity: 'error',
      kind,
      ...metadata,
      field,
      message: `Cannot read ${field} of ${kind} ${metadata.name}: ${excerpt(issue.message, 300)}`,
      hint: `${isUnquoted(issue) ? `Write it in quotes, as text: "${excerpt(String(issue.input), 100)}"` : 'Mend the field'}; until then this object is left out. The API server would refuse it too.`,
    }
  })
  return { type: 'problems', problems }
}

/** As other problems name it: `metadata.annotations["example.com/a"]`. */
function fieldOf({ path }: v.BaseIssue<unknown>): string {
  const keys = (path ?? []).map(({ key }) => String(key))
  if (keys[0] === 'meta') keys[0] = 'metadata'
  const [first = '(root)', ...rest] = keys
  return `${first}${rest.map((key) => (/^\w+$/.test(key) ? `.${key}` : `["${key}"]`)).join('')}`
}

/** YAML reads `true` and `5` as no text, which labels and annotations are. */
function isUnquoted({ path, type, input }: v.BaseIssue<unknown>): boolean {
  const key = path?.[1]?.key
  const isText = key === 'labels' || key === 'annotations'
  return isText && type === 'string' && (typeof input === 'boolean' || typeof input === 'number')
}
