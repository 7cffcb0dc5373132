import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Compilation, type ObjectChange, type RecordChange } from '../../src/compile/compilation.ts'
import { type KubeObject, keyOf, parseObject } from '../../src/model/objects/object.ts'
import { change, linked, object, slice } from '../support/cluster-objects.ts'
import { compileOptions } from '../support/compile.ts'

const modes = ['open', 'strict'] as const

test.each(modes)(
  'changes in any order and batches give the records of a compile from scratch, %s',
  (mode) => {
    const options = {
      ...compileOptions,
      hostClaims: mode,
      allowHosts: [{ namespace: 'two', host: 'y.test' }],
    }
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 10 }), (batches) =>
        expectSameAsFromScratch(batches, options),
      ),
      { numRuns: 500 },
    )
  },
)

test('objects that belong together are diagnosed anew whichever of them changes', () => {
  const puts = linked.map((objects) => objects.map((put): ObjectChange => ({ type: 'put', object: put })))
  const some = fc.tuple(puts, fc.nat({ max: 7 }))
  const removals = fc.array(
    fc.constantFrom(
      ...['NetworkPolicy/one/a', 'Pod/one/a', 'Deployment/one/a'],
      ...['Service/one/0', 'Service/one/1'],
    ),
  )
  fc.assert(
    fc.property(puts, fc.array(some, { maxLength: 8 }), removals, (first, later, gone) => {
      const batches = later.map(([changes, i]) => changes.slice(i, i + 1))
      const deletes = gone.map((key): ObjectChange[] => [{ type: 'delete', key }])
      expectSameAsFromScratch([first, ...batches, ...deletes])
    }),
    { numRuns: 1000 },
  )
})

test('a change of an EndpointSlice compiles no route', () => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 20 }), slice, (objects, raw) => {
      const compilation = new Compilation(compileOptions)
      compilation.apply(objects.map((put) => ({ type: 'put', object: put })))
      const parsed = parseObject(raw)
      if (parsed.type !== 'object') return
      const kinds = compilation.apply([{ type: 'put', object: parsed.object }]).map((record) => record.kind)
      expect(kinds).not.toContain('route')
      expect(kinds).not.toContain('service')
    }),
  )
})

test('what a Namespace allows settles the hosts of its own Services, and compiles nothing else', () => {
  const compilation = new Compilation({ ...compileOptions, hostClaims: 'strict' })
  const put = (raw: object): ObjectChange => {
    const parsed = parseObject(raw)
    if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
    return { type: 'put', object: parsed.object }
  }
  const web = (name: string, host: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: name,
      name: 'web',
      annotations: { 'postern.dev/expose': 'true', 'postern.dev/host': host },
    },
    spec: { ports: [{ port: 80 }] },
  })
  const allow = (hosts: string, labels = {}) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'one', labels, annotations: { 'postern.dev/allowed-hosts': hosts } },
  })
  compilation.apply([
    put(web('one', 'x.test, web.one.example.test')),
    put(web('two', 'x.test, web.two.example.test')),
  ])
  const keys = (changes: RecordChange[]) => changes.map(({ kind, key }) => `${kind} ${key}`)
  expect(keys(compilation.apply([put(allow('x.test'))]))).toEqual(['route x.test', 'problem Service/one/web'])
  expect(keys(compilation.apply([put(allow('x.test', { team: 'a' }))]))).toEqual([])
  expect(compilation.apply([{ type: 'delete', key: 'Namespace//one' }])).toContainEqual({
    kind: 'route',
    key: 'x.test',
    value: null,
  })
})

function expectSameAsFromScratch(
  batches: readonly (readonly ObjectChange[])[],
  options = compileOptions,
): void {
  const compilation = new Compilation(options)
  const records = new Map<string, unknown>()
  const objects = new Map<string, KubeObject>()
  for (const batch of batches) {
    accumulate(records, compilation.apply(batch))
    for (const one of batch) {
      if (one.type === 'put') objects.set(keyOf(one.object), one.object)
      if (one.type === 'delete') objects.delete(one.key)
    }
  }
  const scratch = new Compilation(options)
  const puts = [...objects.values()].reverse().map((put): ObjectChange => ({ type: 'put', object: put }))
  expect(records).toEqual(accumulate(new Map(), scratch.apply(puts)))
}

function accumulate(records: Map<string, unknown>, changes: readonly RecordChange[]): Map<string, unknown> {
  for (const { kind, key, value } of changes) {
    if (value === null) records.delete(`${kind} ${key}`)
    else records.set(`${kind} ${key}`, value)
  }
  return records
}
