import { endpointSliceSchema } from '../../src/model/objects/endpoint-slice.ts'
import { endpointsSchema } from '../../src/model/objects/endpoints.ts'
import { namespaceSchema } from '../../src/model/objects/namespace.ts'
import { networkPolicySchema } from '../../src/model/objects/network-policy.ts'
import { nodeSchema } from '../../src/model/objects/node.ts'
import { podSchema } from '../../src/model/objects/pod.ts'
import { configMapSchema, secretSchema } from '../../src/model/objects/secret.ts'
import { serviceSchema } from '../../src/model/objects/service.ts'
import { workloadKinds, workloadSchema } from '../../src/model/objects/workload.ts'

/** What is read: the schema of each kind, or of several that are read alike. */
export const kindsRead: readonly (readonly [name: string, schema: object, kinds: readonly string[]])[] = [
  ['Service', serviceSchema, ['Service']],
  ['EndpointSlice', endpointSliceSchema, ['EndpointSlice']],
  ['Endpoints', endpointsSchema, ['Endpoints']],
  ['Pod', podSchema, ['Pod']],
  ['Node', nodeSchema, ['Node']],
  ['Namespace', namespaceSchema, ['Namespace']],
  ['NetworkPolicy', networkPolicySchema, ['NetworkPolicy']],
  ['Secret', secretSchema, ['Secret']],
  ['ConfigMap', configMapSchema, ['ConfigMap']],
  ['workloads', workloadSchema, workloadKinds],
]

/** Read of every kind, of use for a few. */
const OF_EVERY_KIND = ['uid', 'creationTimestamp', 'deletionTimestamp', 'labels', 'annotations'].map(
  (field) => `metadata.${field}`,
)

/** Fields that a schema reads and none of these objects has, as paths: `spec.ports[].port`. */
export function fieldsMissing(schema: object, objects: readonly unknown[]): string[] {
  const given = new Set(objects.flatMap((object) => fieldsGiven(object)))
  return fieldsRead(schema)
    .map((field) => field.replace(/^meta(?=\.|$)/, 'metadata'))
    .filter((field) => !given.has(field) && !OF_EVERY_KIND.includes(field))
}

function fieldsRead(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const part = (name: string): unknown => Reflect.get(schema, name)
  const entries = part('entries')
  const options = part('options')
  return [
    ...(typeof entries !== 'object' || entries === null
      ? []
      : Object.entries(entries).flatMap(([name, entry]) => {
          const field = path === '' ? name : `${path}.${name}`
          return [field, ...fieldsRead(entry, field)]
        })),
    ...fieldsRead(part('item'), `${path}[]`),
    ...fieldsRead(part('wrapped'), path),
    ...(Array.isArray(options) ? options.flatMap((option) => fieldsRead(option, path)) : []),
  ]
}

/** Paths of the fields that a value has. */
export function fieldsGiven(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsGiven(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const field = path === '' ? name : `${path}.${name}`
    return [field, ...fieldsGiven(member, field)]
  })
}
