import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { annotations } from '../../src/compile/schema.ts'
import { endpointSliceSchema } from '../../src/model/objects/endpoint-slice.ts'
import { namespaceSchema } from '../../src/model/objects/namespace.ts'
import { networkPolicySchema } from '../../src/model/objects/network-policy.ts'
import { nodeSchema } from '../../src/model/objects/node.ts'
import { podSchema } from '../../src/model/objects/pod.ts'
import { serviceSchema } from '../../src/model/objects/service.ts'
import { workloadKinds, workloadSchema } from '../../src/model/objects/workload.ts'

const folder = new URL('../fixtures/compile/', import.meta.url)

const KINDS: readonly (readonly [name: string, schema: object, kinds: readonly string[]])[] = [
  ['Service', serviceSchema, ['Service']],
  ['EndpointSlice', endpointSliceSchema, ['EndpointSlice']],
  ['Pod', podSchema, ['Pod']],
  ['Node', nodeSchema, ['Node']],
  ['Namespace', namespaceSchema, ['Namespace']],
  ['NetworkPolicy', networkPolicySchema, ['NetworkPolicy']],
  ['workloads', workloadSchema, workloadKinds],
]

/** Read of every kind, of use for a few. */
const OF_EVERY_KIND = ['uid', 'creationTimestamp', 'deletionTimestamp', 'labels', 'annotations']

/** Paths of the fields that a schema reads: `spec.ports[].port`. */
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
function fieldsGiven(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsGiven(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const field = path === '' ? name : `${path}.${name}`
    return [field, ...fieldsGiven(member, field)]
  })
}

function goldenObjects(): { readonly kind: string; readonly fields: ReadonlySet<string> }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cluster.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(new URL(name, folder), 'utf8')))
    .map((document): unknown => document.toJS())
    .flatMap((object) => {
      if (typeof object !== 'object' || object === null || !('kind' in object)) return []
      return [{ kind: String(object.kind), fields: new Set(fieldsGiven(object)) }]
    })
}

const objects = goldenObjects()

test.each(KINDS)('%s: every field that is read stands in a golden manifest', (_name, schema, kinds) => {
  const given = new Set(
    objects.filter(({ kind }) => kinds.includes(kind)).flatMap(({ fields }) => [...fields]),
  )
  const read = fieldsRead(schema).map((field) => field.replace(/^meta(?=\.|$)/, 'metadata'))
  expect(read.length).toBeGreaterThan(5)
  const common = OF_EVERY_KIND.map((field) => `metadata.${field}`)
  expect(read.filter((field) => !given.has(field) && !common.includes(field))).toEqual([])
})

test('every annotation stands in a golden manifest', () => {
  const given = new Set(objects.flatMap(({ fields }) => [...fields]))
  const absent = Object.values(annotations).filter(({ name }) => !given.has(`metadata.annotations.${name}`))
  expect(absent.map(({ name }) => name)).toEqual([])
})

test('every kind of workload stands in a golden manifest', () => {
  expect([...workloadKinds].filter((wanted) => !objects.some(({ kind }) => kind === wanted))).toEqual([])
})
