import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { Compilation } from '../../src/compile/compilation.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { parseRecord } from '../../src/model/parse-record.ts'
import { compareProblems, compareText } from '../../src/model/problem.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions, hostTemplate } from '../support/compile.ts'

const folder = new URL('../fixtures/compile/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.cluster.yaml'))
  .map((name) => name.replace('.cluster.yaml', ''))

describe.each(names)('compile %s', (name) => {
  const { records, problems } = compile(name)

  test('gives the records', () => expectGolden(`${name}.records.json`, records))
  test('gives the problems', () => expectGolden(`${name}.problems.json`, problems))
  test('gives records that a follower can read back', () => {
    for (const { kind, key, value } of records) {
      expect(parseRecord(kind, key, JSON.stringify(value))).toEqual({
        ok: true,
        record: { kind, key, value },
      })
    }
  })
})

/** What the operator says, where a fixture needs it: `X.options.json`. */
const options = v.object({
  hostTemplate: v.optional(v.pipe(v.string(), v.transform(hostTemplate)), compileOptions.hostTemplate.text),
  hostClaims: v.optional(v.picklist(['open', 'strict']), 'open'),
  allowExternalNames: v.optional(v.boolean(), true),
  allowUnverifiedBackends: v.optional(v.boolean(), false),
  allowHosts: v.optional(v.array(v.object({ namespace: v.string(), host: v.string() })), []),
})

function optionsOf(name: string): CompileOptions {
  const url = new URL(`${name}.options.json`, folder)
  if (!existsSync(url)) return compileOptions
  return { ...compileOptions, ...v.parse(options, JSON.parse(readFileSync(url, 'utf8'))) }
}

function compile(name: string) {
  const file = `${name}.cluster.yaml`
  const collected = collectManifests([parseManifest(readFileSync(new URL(file, folder), 'utf8'), file)])
  const compilation = new Compilation(optionsOf(name))
  const changes = compilation.apply([
    ...[...collected.objects.values()].map((object) => ({ type: 'put', object }) as const),
    { type: 'found', facet: 'manifests', problems: collected.problems },
  ])
  const present = changes.filter((change) => change.value !== null)
  const records = present
    .filter((change) => change.kind !== 'problem')
    .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.key, b.key))
  const problems = present
    .flatMap((change) => (change.kind === 'problem' && change.value !== null ? change.value : []))
    .sort(compareProblems)
  return { records, problems }
}

function expectGolden(file: string, value: unknown): void {
  const url = new URL(file, folder)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(url, `${JSON.stringify(value, null, 2)}\n`)
  expect(existsSync(url), `${file} is missing: run with UPDATE_GOLDEN=1, and read what it writes`).toBe(true)
  expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(readFileSync(url, 'utf8')))
}
