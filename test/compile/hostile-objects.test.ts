import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { inspect } from '../../src/cli/inspect.ts'
import { LOOPBACK } from '../../src/cli/loopback.ts'
import { Compilation, type RecordChange } from '../../src/compile/compilation.ts'
import { namespaceAnnotations } from '../../src/compile/namespace-schema.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { annotations } from '../../src/compile/schema.ts'
import { Table } from '../../src/gateway/table.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import { keyOf, parseObject } from '../../src/model/objects/object.ts'
import { parseRecord } from '../../src/model/parse-record.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions } from '../support/compile.ts'
import { fieldsGiven, fieldsMissing, kindsRead } from '../support/fields.ts'
import { mutated } from '../support/mutate.ts'
import { wholeObjects } from '../support/whole-objects.ts'

/** In a namespace of its own, so that nothing of the others may touch it. */
const BYSTANDER = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'bystander', namespace: 'good', annotations: { 'postern.dev/expose': 'true' } },
  spec: { ports: [{ port: 80 }] },
}

const whole = fc.constantFrom(...wholeObjects)
/** Broken ones, and some whole ones that they belong to. */
const objects = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: whole.chain((object) => mutated(object)) },
    { weight: 1, arbitrary: whole },
  ),
  { minLength: 1, maxLength: 8 },
)

const options = fc.record({
  hostClaims: fc.constantFrom('open', 'strict'),
  allowExternalNames: fc.boolean(),
  allowUnverifiedBackends: fc.boolean(),
  loopbackCidrs: fc.constantFrom(LOOPBACK, []),
})

function outcomeOf(raws: readonly unknown[], some: Partial<CompileOptions>) {
  const compilation = new Compilation({ ...compileOptions, ...some })
  const keys: string[] = []
  const changes: RecordChange[] = []
  // One by one: an object meets every state that those before it have made.
  for (const raw of raws) {
    const parsed = parseObject(raw)
    if (parsed.type === 'ignored') continue
    if (parsed.type === 'object') {
      keys.push(keyOf(parsed.object))
      changes.push(...compilation.apply([{ type: 'put', object: parsed.object }]))
    } else {
      expect(parsed.problems.length).toBeGreaterThan(0)
      changes.push(...compilation.apply([{ type: 'found', facet: 'x', problems: parsed.problems }]))
    }
  }
  return { compilation, keys, changes }
}

test('objects with missing, wrong and hostile fields give only records and problems, and stop nothing else', () => {
  fc.assert(
    fc.property(objects, options, (raws, some) => {
      const { changes } = outcomeOf([...raws, BYSTANDER], some)
      const table = new Table()
      for (const { kind, key, value } of changes) {
        const text = value === null ? null : encodeCanonical(value)
        if (text !== null) expect(parseRecord(kind, key, text)).toMatchObject({ ok: true })
        table.apply([{ kind, key, text }])
      }
      expect(table.route('bystander.good.example.test')?.rules).toHaveLength(1)
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('hostile objects that are taken away leave nothing behind', () => {
  fc.assert(
    fc.property(objects, options, (raws, some) => {
      const { compilation, keys, changes } = outcomeOf(raws, some)
      const deletes = keys.map((key) => ({ type: 'delete', key }) as const)
      const after = compilation.apply([...deletes, { type: 'found', facet: 'x', problems: [] }])
      const left = new Set<string>()
      for (const { kind, key, value } of [...changes, ...after]) {
        if (value === null) left.delete(`${kind} ${key}`)
        else left.add(`${kind} ${key}`)
      }
      expect([...left]).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('a manifest of hostile objects is read and checked, and each problem can be placed', () => {
  fc.assert(
    fc.property(objects, fc.boolean(), (raws, isList) => {
      const manifest = parseManifest(
        isList
          ? JSON.stringify({ apiVersion: 'v1', kind: 'List', items: raws })
          : raws.map((raw) => JSON.stringify(raw)).join('\n---\n'),
        'x',
      )
      for (const { line } of manifest.problems) expect(line).toBeGreaterThan(0)
      for (const { place } of manifest.objects) {
        expect(place.lineOf('metadata.annotations["x"]')).toBeGreaterThan(0)
      }
      const { problems } = inspect(collectManifests([manifest]), compileOptions)
      for (const { file, line } of problems) expect([file, (line ?? 0) > 0]).toEqual(['x', true])
    }),
    { numRuns: 50 },
  )
})

test.each(kindsRead)(
  '%s: every field that is read is among those that are broken',
  (_name, schema, kinds) => {
    const some = wholeObjects.filter(({ kind }) => kinds.includes(kind))
    expect(new Set(some.map(({ kind }) => kind))).toEqual(new Set(kinds))
    expect(fieldsMissing(schema, some)).toEqual([])
  },
)

test('every annotation is among those that are broken', () => {
  const given = new Set(wholeObjects.flatMap((object) => fieldsGiven(object)))
  const all = [...Object.values(annotations), ...Object.values(namespaceAnnotations)]
  const names = all.map(({ name }) => name)
  expect(names.filter((name) => !given.has(`metadata.annotations.${name}`))).toEqual([])
})
