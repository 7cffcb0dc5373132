import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { inspect } from '../../src/cli/inspect.ts'
import { catalogue } from '../../src/model/catalogue/catalogue.ts'
import type { Problem } from '../../src/model/problem.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { compileOptions } from '../support/compile.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** One fault a file, named after its code: kind and name of the object, and the line. */
const FAULTS: readonly (readonly [code: keyof typeof catalogue, object: string, line: number])[] = [
  ['annotation-invalid', 'Service invalid', 8],
  ['annotation-unknown', 'Service unknown', 8],
  ['annotation-unused', 'Service unused', 7],
  ['duplicate-object', 'Service twice', 16],
  ['endpoint-refused', 'EndpointSlice outside-1', 25],
  ['endpoints-missing', 'Service nobody', 8],
  ['endpoints-unready', 'Service crashing', 9],
  ['external-name-refused', 'Service alias', 9],
  ['field-invalid', 'Service ranges', 12],
  ['host-conflict', 'Service second', 25],
  ['host-overlap', 'Service exact', 23],
  ['host-reserved', 'Service reserved', 8],
  ['namespace-unguarded', 'Namespace open', 1],
  ['node-port-missing', 'Service no-node', 13],
  ['node-port-open', 'Service balancer', 15],
  ['object-invalid', 'Service eighty', 12],
  ['path-conflict', 'Service carts', 25],
  ['policy-invalid', 'NetworkPolicy mistyped', 14],
  ['policy-shuts-out-clients', 'NetworkPolicy web', 24],
  ['policy-shuts-out-gateway', 'NetworkPolicy web', 24],
  ['port-ambiguous', 'Service several', 6],
  ['port-unknown', 'Service one-port', 8],
  ['protocol-unknown', 'Service socket', 14],
  ['protocol-unsupported', 'Service grpc', 14],
  ['selector-duplicate', 'Service copy', 25],
  ['selector-matches-nothing', 'Service stray', 9],
  ['target-port-unknown', 'Service copied', 13],
  ['workload-not-running', 'Service planned', 9],
  ['yaml-syntax', 'Manifest yaml-syntax.yaml', 4],
]

async function check(folder: string): Promise<readonly Problem<string>[]> {
  const source = new ManifestSource([`${FIXTURES}${folder}`], async () => '')
  return inspect(await source.read(), { ...compileOptions, domain: 'localhost', allowExternalNames: false })
    .problems
}

describe('a folder of broken manifests', () => {
  let problems: readonly Problem<string>[] = []
  beforeAll(async () => {
    problems = await check('broken')
  })

  const findings = (file: string) =>
    problems
      .filter((problem) => problem.file === `${FIXTURES}broken/${file}`)
      .map(({ code, severity, kind, name, line }) => ({
        code,
        severity,
        object: `${kind} ${name.replace(`${FIXTURES}broken/`, '')}`,
        line,
      }))

  test.each(FAULTS)('%s is found once: on %s, line %i', (code, object, line) => {
    expect(findings(`${code}.yaml`)).toEqual([{ code, severity: catalogue[code].severity, object, line }])
  })

  test('nothing else is found, and every file is told of', () => {
    expect(problems).toHaveLength(FAULTS.length)
    const files = readdirSync(`${FIXTURES}broken`).filter((name) => name !== '_around.yaml')
    expect(files.sort()).toEqual(FAULTS.map(([code]) => `${code}.yaml`).sort())
  })
})

test('a Kafka StatefulSet as charts write it has no error and no warning', async () => {
  const problems = await check('kafka')
  expect(problems.filter(({ severity }) => severity !== 'info')).toEqual([])
  expect([...new Set(problems.map(({ code }) => code))]).toEqual(['workload-not-running'])
})
