import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { annotations } from '../../src/compile/schema.ts'
import { workloadKinds } from '../../src/model/objects/workload.ts'
import { fieldsGiven, fieldsMissing, kindsRead } from '../support/fields.ts'

const folder = new URL('../fixtures/compile/', import.meta.url)

const objects = readdirSync(folder)
  .filter((name) => name.endsWith('.cluster.yaml'))
  .flatMap((name) => parseAllDocuments(readFileSync(new URL(name, folder), 'utf8')))
  .flatMap((document) => {
    const object: unknown = document.toJS()
    return typeof object === 'object' && object !== null && 'kind' in object ? [object] : []
  })

test.each(kindsRead)('%s: every field that is read stands in a golden manifest', (_name, schema, kinds) => {
  const some = objects.filter(({ kind }) => kinds.includes(String(kind)))
  expect(fieldsMissing(schema, some)).toEqual([])
  // That nothing is missing must not be for want of looking.
  expect(fieldsMissing(schema, [])).toContain('metadata.name')
})

test('every annotation stands in a golden manifest', () => {
  const given = new Set(objects.flatMap((object) => fieldsGiven(object)))
  const absent = Object.values(annotations).filter(({ name }) => !given.has(`metadata.annotations.${name}`))
  expect(absent.map(({ name }) => name)).toEqual([])
})

test('every kind of workload stands in a golden manifest', () => {
  expect(workloadKinds.filter((wanted) => !objects.some(({ kind }) => kind === wanted))).toEqual([])
})
