import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { failure, wishOf } from '../../src/agent/acme/wishes.ts'
import { Compilation } from '../../src/compile/compilation.ts'
import { FetchDialer } from '../../src/forward/fetch-dialer.ts'
import { PlatformLimits } from '../../src/gateway/platform-limits.ts'
import { catalogue } from '../../src/model/catalogue/catalogue.ts'
import { type Problem, type ProblemCode, problemCodes } from '../../src/model/problem.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { readManifests } from '../../src/source/files.node.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions } from '../support/compile.ts'
import { tableOf } from '../support/gateway.ts'
import { postern } from '../support/postern-cli.ts'

const PUBLIC = fileURLToPath(new URL('../../../shared/manifests/', import.meta.url))
const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** One fault a file, named after its code: kind and name of the object, and the line. */
const FAULTS: readonly (readonly [code: ProblemCode, object: string, line: number | undefined])[] = [
  ['affinity-behind-node', 'Service sticky', 10],
  ['annotation-invalid', 'Service invalid', 8],
  ['annotation-unknown', 'Service unknown', 8],
  ['annotation-unused', 'Service unused', 7],
  ['auth-incomplete', 'Service half-known', 8],
  ['backend-tls-incomplete', 'Service tls-incomplete', 8],
  ['backend-tls-unverified', 'Service tls-unverified', 8],
  ['certificate-invalid', 'Service garbled', 9],
  ['certificate-names', 'Service misfit', 9],
  ['certificate-untimely', 'Service expired', 9],
  ['duplicate-object', 'Service twice', 16],
  ['endpoint-refused', 'EndpointSlice outside-1', 25],
  ['endpoints-missing', 'Service nobody', 8],
  ['endpoints-unfit', 'Service misnamed', 10],
  ['endpoints-unready', 'Service crashing', 9],
  ['external-name-refused', 'Service alias', 9],
  ['field-invalid', 'Service ranges', 12],
  ['field-unknown', 'Service afar', 10],
  // It is not there.
  ['file-unreadable', 'Manifest file-unreadable.yaml', undefined],
  ['host-conflict', 'Service second', 25],
  ['host-not-allowed', 'Service not-allowed', 8],
  ['host-overlap', 'Service exact', 23],
  ['host-reserved', 'Service reserved', 8],
  ['jwt-incomplete', 'Service half-guarded', 8],
  ['namespace-unguarded', 'Namespace open', 1],
  ['node-port-missing', 'Service no-node', 13],
  ['node-port-open', 'Service balancer', 15],
  ['node-port-refused', 'Service half-lent', 12],
  ['node-port-unreachable', 'Service kept', 10],
  ['object-invalid', 'Service eighty', 12],
  ['path-conflict', 'Service carts', 25],
  ['policy-invalid', 'NetworkPolicy mistyped', 14],
  ['policy-shuts-out-clients', 'NetworkPolicy web', 24],
  ['policy-shuts-out-gateway', 'NetworkPolicy web', 24],
  ['port-ambiguous', 'Service several', 6],
  ['port-unknown', 'Service one-port', 8],
  ['protocol-unknown', 'Service socket', 14],
  ['protocol-unsupported', 'Service grpc', 14],
  ['secret-invalid', 'Service mistyped-secret', 9],
  ['secret-missing', 'Service keyless', 9],
  ['selector-duplicate', 'Service copy', 25],
  ['selector-matches-nothing', 'Service stray', 9],
  ['target-port-unknown', 'Service copied', 13],
  ['tls-conflict', 'Service suppliers', 26],
  ['tls-incomplete', 'Service half-asked', 8],
  ['workload-not-running', 'Service planned', 9],
  ['yaml-syntax', 'Manifest yaml-syntax.yaml', 4],
]

/** What is true of a fault's file besides. */
const BESIDES: Partial<Record<ProblemCode, readonly ProblemCode[]>> = {
  'affinity-behind-node': ['node-port-open'],
  'node-port-refused': ['endpoint-refused', 'node-port-open'],
  'node-port-unreachable': ['node-port-open'],
  'tls-conflict': ['secret-missing', 'secret-missing'],
}

/** `postern check` where hosts must be allowed. */
async function check(...paths: readonly string[]): Promise<readonly Problem[]> {
  const strict = ['--host-claims', 'strict', '--allow-hosts', '*=*.example.com']
  const manifests = paths.flatMap((path) => ['--manifests', path])
  const { stdout } = await postern(['check', '--json', ...strict, ...manifests])
  const document: { problems: readonly Problem[] } = JSON.parse(stdout)
  return document.problems
}

describe('a folder of broken manifests', () => {
  let problems: readonly Problem[] = []
  beforeAll(async () => {
    problems = await check(`${FIXTURES}broken`, `${FIXTURES}broken/file-unreadable.yaml`)
  })

  const findings = (file: string) =>
    problems.filter((problem) => problem.file === `${FIXTURES}broken/${file}`)

  test.each(FAULTS)('%s is found once: on %s, line %s', (code, object, line) => {
    const found = findings(`${code}.yaml`)
    expect(found.map((each) => each.code).sort()).toEqual([code, ...(BESIDES[code] ?? [])].sort())
    const problem = found.find((each) => each.code === code)
    expect(`${problem?.kind} ${problem?.name.replace(`${FIXTURES}broken/`, '')}`).toBe(object)
    expect(problem).toMatchObject({
      severity: catalogue[code].severity,
      ...(line === undefined ? {} : { line }),
    })
  })

  test('nothing else is found', () => {
    const besides = Object.values(BESIDES).flat()
    expect(problems).toHaveLength(FAULTS.length + besides.length)
  })
})

test('platform-unsupported is found by a gateway alone, of which the manifests say nothing', async () => {
  const { files } = await readManifests([`${FIXTURES}broken/platform-unsupported.yaml`], async () => '')
  const table = tableOf(files.map(({ text }) => text).join('\n---\n'))
  const service = table.service('shop/pods-only:80')
  const none = { pods: undefined, nodes: undefined, external: undefined, nodeHost: undefined }
  const limits = new PlatformLimits(new FetchDialer(none), false)
  expect(limits.problems(service === undefined ? [] : [service])).toMatchObject([
    {
      code: 'platform-unsupported',
      severity: catalogue['platform-unsupported'].severity,
      kind: 'Service',
      name: 'pods-only',
    },
  ])
})

test('secret-forbidden is found by an agent alone, in whose cluster a Role is missing', async () => {
  const { files } = await readManifests([`${FIXTURES}broken/secret-forbidden.yaml`], async () => '')
  const { objects } = collectManifests(files.map(({ name, text }) => parseManifest(text, name)))
  const key = 'Secret/shop/shop-example-com'
  const given = [...objects].filter(([each]) => each !== key).map(([, object]) => object)
  const changes = new Compilation(compileOptions).apply([
    ...given.map((object) => ({ type: 'put', object }) as const),
    { type: 'withheld', key, reason: 'forbidden' },
  ])
  const problems = changes.flatMap(({ kind, value }) => (kind === 'problem' && value !== null ? value : []))
  const { severity } = catalogue['secret-forbidden']
  expect(problems).toContainEqual(
    expect.objectContaining({ code: 'secret-forbidden', severity, kind: 'Service', name: 'unreadable' }),
  )
})

test.each(['acme-failed', 'acme-impossible'] as const)(
  '%s is found by an agent that orders',
  async (code) => {
    const { files } = await readManifests([`${FIXTURES}broken/${code}.yaml`], async () => '')
    const { objects } = collectManifests(files.map(({ name, text }) => parseManifest(text, name)))
    const compilation = new Compilation(compileOptions)
    compilation.apply([...objects.values()].map((object) => ({ type: 'put', object })))
    const [exposure] = compilation.takeServices()
    if (exposure?.service === undefined) throw new Error('there is no Service')
    const { wish, problems } = wishOf(exposure)
    const found = wish === undefined ? problems : [failure(exposure.service, new Error('refused'))]
    expect(found).toMatchObject([{ code, severity: catalogue[code].severity }])
  },
)

test('every code of the catalogue has a fault that shows it, and every fault a file', () => {
  // Those of ACME are an agent's, and the last one its flags': see test/agent/sealer.test.ts.
  const apart = [
    'acme-failed',
    'acme-impossible',
    'platform-unsupported',
    'secret-forbidden',
    'secret-unsealed',
  ]
  const shown = [...FAULTS.map(([code]) => code), ...apart].sort()
  expect(shown).toEqual([...problemCodes].sort())
  const files = readdirSync(`${FIXTURES}broken`).filter((name) => name !== '_around.yaml')
  const fileless = ['file-unreadable', 'secret-unsealed']
  const written = shown.filter((code) => !fileless.includes(code)).map((code) => `${code}.yaml`)
  expect(files.sort()).toEqual(written)
})

test('a Kafka StatefulSet as charts write it has no error and no warning', async () => {
  const problems = await check(`${FIXTURES}kafka`)
  expect(problems.filter(({ severity }) => severity !== 'info')).toEqual([])
  expect([...new Set(problems.map(({ code }) => code))]).toEqual(['workload-not-running'])
})

test.skipIf(!existsSync(PUBLIC))('the public manifests as they stand have no error', async () => {
  const problems = await check(PUBLIC)
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
})
