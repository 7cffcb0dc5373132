import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { expect, test } from 'vitest'
import { inspect } from '../../src/cli/inspect.ts'
import { problemsSarif } from '../../src/cli/sarif.ts'
import { catalogue } from '../../src/model/catalogue/catalogue.ts'
import { type Problem, problemCodes } from '../../src/model/problem.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions } from '../support/compile.ts'
import { serviceYaml } from '../support/gateway.ts'

/** SARIF 2.1.0 (OASIS, rtm.5) as Microsoft's SARIF SDK for JavaScript carries it (MIT), without its descriptions. */
const schema: object = JSON.parse(
  readFileSync(new URL('../fixtures/sarif/sarif-2.1.0.schema.json', import.meta.url), 'utf8'),
)
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
formats.default(ajv)
const isValid = ajv.compile(schema)

function faultsOf(sarif: string): unknown {
  isValid(JSON.parse(sarif))
  return isValid.errors
}

const problem: Problem = {
  code: 'annotation-invalid',
  severity: 'error',
  kind: 'Service',
  namespace: 'shop',
  name: 'web',
  field: '',
  message: 'no',
  hint: 'yes',
}

test('the schema refuses what is no SARIF', () => {
  const log = JSON.parse(problemsSarif([problem], '1.0.0'))
  log.runs[0].results[0].level = 'info'
  expect(isValid(log)).toBe(false)
})

test('what the broken manifests come to is valid SARIF 2.1.0', async () => {
  const folder = fileURLToPath(new URL('../fixtures/broken', import.meta.url))
  const collection = await new ManifestSource([folder], async () => '').read()
  const { problems } = inspect(collection, { ...compileOptions, domain: 'localhost' })
  expect(new Set(problems.map(({ severity }) => severity)).size).toBe(3)
  expect(faultsOf(problemsSarif(problems, '1.0.0'))).toBeNull()
})

test('every code is a valid rule, and no problem at all is a valid log', () => {
  const all = problemCodes.map((code) => ({ ...problem, code, severity: catalogue[code].severity }))
  expect(faultsOf(problemsSarif(all, '1.0.0'))).toBeNull()
  expect(faultsOf(problemsSarif([], '1.0.0'))).toBeNull()
})

test.each([
  ['a b/ü#1?.yaml', 'a%20b/%C3%BC%231%3F.yaml'],
  ['../x:y.yaml', '../x%3Ay.yaml'],
  ['/a b/#.yaml', 'file:///a%20b/%23.yaml'],
])('the file %s is the artifact %s', (file, uri) => {
  const sarif = problemsSarif([{ ...problem, file, line: 3 }], '1.0.0')
  expect(faultsOf(sarif)).toBeNull()
  expect(JSON.parse(sarif).runs[0].results[0].locations[0].physicalLocation).toEqual({
    artifactLocation: { uri },
    region: { startLine: 3 },
  })
})

test('what is read from standard input, or from a cluster, is in no file', () => {
  for (const each of [problem, { ...problem, file: '-', line: 1 }]) {
    const sarif = problemsSarif([each], '1.0.0')
    expect(faultsOf(sarif)).toBeNull()
    expect(sarif).not.toContain('physicalLocation')
  }
})

/** Code hosts refuse a whole log for one result without a file. */
test('every problem of a manifest has a file and a line, also of what no manifest holds', () => {
  const yaml = serviceYaml({ endpoints: [], annotations: { 'postern.dev/expose': 'true' } })
  const pod = (ip: string) => `---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: []}
status: {podIP: ${ip}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Service
metadata: {name: metadata, namespace: shop, annotations: {postern.dev/expose: "true"}}
spec: {selector: {app: web}, ports: [{port: 80}]}
`
  const manifest = parseManifest(`# A comment.\n${yaml}\n${pod('169.254.169.254')}`, 'shop.yaml')
  const { problems } = inspect(collectManifests([manifest]), compileOptions)
  const found = problems.map(({ code, kind, file, line }) => ({ code, kind, file, line }))
  const whole = { file: 'shop.yaml', line: expect.any(Number) }
  expect(found).toContainEqual({ code: 'namespace-unguarded', kind: 'Namespace', ...whole })
  expect(found).toContainEqual({ code: 'endpoint-refused', kind: 'EndpointSlice', ...whole })
  expect(found.filter(({ file, line }) => file === undefined || line === undefined)).toEqual([])
})
