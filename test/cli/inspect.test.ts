import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from 'sarif'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serviceYaml } from '../support/gateway.ts'
import { type Outcome, postern } from '../support/postern-cli.ts'

const KEYS = [
  'code',
  'severity',
  'kind',
  'namespace',
  'name',
  'field',
  'message',
  'hint',
  'host',
  'file',
  'line',
]

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-inspect-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function manifest(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

function problemsOf({ stdout }: Outcome): Record<string, string>[] {
  const document: { problems: Record<string, string>[] } = JSON.parse(stdout)
  expect(Object.keys(document)).toEqual(['problems'])
  for (const problem of document.problems) {
    // Only of some a host is told.
    const keys = KEYS.filter((key) => key !== 'host' || problem.host !== undefined)
    expect(Object.keys(problem)).toEqual(keys)
  }
  return document.problems
}

const endpoints = [{ address: '10.0.0.1', port: 80 }]
const RESERVED = { 'postern.dev/host': 'web.other.apps.test' }
/** Without one there is something to say of the namespace. */
const policy = JSON.stringify({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'everyone', namespace: 'shop' },
  spec: { podSelector: {}, ingress: [{}] },
})
const clean = guarded(serviceYaml({ endpoints }))
const wrong = guarded(
  serviceYaml({
    endpoints,
    annotations: { 'postern.dev/timeout': '5 parsecs', 'postern.dev/balance': 'dice' },
  }),
)

function guarded(yaml: string): string {
  return `${yaml}\n---\n${policy}`
}

test('check: clean manifests exit 0 and have no problems', async () => {
  const outcome = await postern(['check', '--json', '--manifests', await manifest('clean.yaml', clean)])
  expect(problemsOf(outcome)).toEqual([])
  expect(outcome).toMatchObject({ code: 0, stderr: '' })
})

test('check: every wrong annotation value is named, and the exit code is 1', async () => {
  const path = await manifest('wrong.yaml', wrong)
  const outcome = await postern(['check', '--json', '--manifests', path])
  expect(outcome.code).toBe(1)
  const shop = {
    code: 'annotation-invalid',
    severity: 'error',
    kind: 'Service',
    namespace: 'shop',
    name: 'web',
  }
  expect(problemsOf(outcome)).toMatchObject([
    { ...shop, field: 'metadata.annotations["postern.dev/balance"]' },
    {
      ...shop,
      field: 'metadata.annotations["postern.dev/timeout"]',
      message: expect.stringContaining('5 parsecs'),
    },
  ])
  const forPeople = await postern(['check', '--manifests', path])
  expect(forPeople.code).toBe(1)
  expect(forPeople.stdout).toContain('"dice"')
  expect(forPeople.stdout).toContain('2 errors, 0 warnings, 0 infos in 1 Service')
})

test('check: a problem about a host names it', async () => {
  const path = await manifest('reserved.yaml', guarded(serviceYaml({ endpoints, annotations: RESERVED })))
  const outcome = await postern(['check', '--json', '--domain', 'apps.test', '--manifests', path])
  expect(problemsOf(outcome)).toMatchObject([{ code: 'host-reserved', host: 'web.other.apps.test' }])
})

test('check: an unknown annotation alone is no error', async () => {
  const yaml = guarded(serviceYaml({ endpoints, annotations: { 'postern.dev/tiemout': '5s' } }))
  const outcome = await postern(['check', '--json', '--manifests', '-'], yaml)
  const [problem] = problemsOf(outcome)
  expect(problem?.code).toBe('annotation-unknown')
  expect(outcome.code).toBe(problem?.severity === 'error' ? 1 : 0)
})

test('check: malformed YAML is named with its line', async () => {
  const path = await manifest('malformed.yaml', `${clean}\n---\nkind: [Service\nname: b: c\n`)
  const line = clean.split('\n').length + 3
  const outcome = await postern(['check', '--json', '--manifests', path])
  expect(outcome.code).toBe(1)
  expect(problemsOf(outcome)).toMatchObject([
    { code: 'yaml-syntax', kind: 'Manifest', name: path, field: `line ${line}` },
  ])
  expect(problemsOf(outcome)[0]?.message).toContain(`${path}, line ${line}`)
})

test('check: SARIF has a rule for each code, and file and line for each result', async () => {
  const path = await manifest('sarif.yaml', `# A comment above.\n${wrong}`)
  const outcome = await postern(['check', '--format', 'sarif', '--manifests', path])
  expect(outcome).toMatchObject({ code: 1, stderr: '' })
  const log: Log = JSON.parse(outcome.stdout)
  const [run] = log.runs
  expect(log.version).toBe('2.1.0')
  expect(run?.tool.driver.rules?.map(({ id }) => id)).toEqual(['annotation-invalid'])
  expect(run?.results).toHaveLength(2)
  for (const result of run?.results ?? []) {
    expect(result).toMatchObject({
      ruleId: 'annotation-invalid',
      ruleIndex: 0,
      level: 'error',
      locations: [
        { physicalLocation: { artifactLocation: { uri: `file://${path}` }, region: { startLine: 2 } } },
      ],
    })
  }
})

test('check: text names file, line and page', async () => {
  const path = await manifest('text.yaml', wrong)
  const { stdout } = await postern(['check', '--manifests', path])
  expect(stdout).toContain(`${path}:1`)
  expect(stdout).toContain('See docs/problems/annotation-invalid.md')
})

test.each(['check', 'routes'])('%s: a path that is not there exits 1', async (command) => {
  const { code } = await postern([command, '--json', '--manifests', join(folder, 'nowhere')])
  expect(code).toBe(1)
})

test.each(['check', 'routes', 'up'])('%s: a wrong flag exits 2, says so on stderr alone', async (command) => {
  const { code, stdout, stderr } = await postern([command, '--manifests', folder, '--domian', 'a.test'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('did you mean --domain?')
})

test('manifests are read from standard input', async () => {
  expect((await postern(['check', '--json', '--manifests', '-'], clean)).code).toBe(0)
  const outcome = await postern(['check', '--json', '--manifests', '-'], wrong)
  expect(outcome.code).toBe(1)
  expect(problemsOf(outcome)).toHaveLength(2)
})

test('routes: text has a row for each path of each host', async () => {
  const { code, stdout } = await postern(['routes', '--manifests', '-', '--domain', 'apps.test'], clean)
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
  expect(code).toBe(0)
  expect(rows).toEqual([
    ['HOST', 'PATH', 'SERVICE', 'TARGET', 'ENDPOINTS', 'PROBLEM'],
    ['web.shop.apps.test', '/', 'shop/web:80', 'pod', '1'],
  ])
})

test('routes: JSON holds the same', async () => {
  const { code, stdout } = await postern(['routes', '--json', '--manifests', '-'], clean)
  expect(code).toBe(0)
  const facts = {
    path: '/',
    pathType: 'prefix',
    service: 'shop/web:80',
    target: 'pod',
    endpoints: 1,
    problem: null,
    pods: null,
  }
  expect(JSON.parse(stdout)).toEqual({ routes: [{ host: 'web.shop.localhost', ...facts }] })
})

test('routes: nothing exposed says how to expose', async () => {
  const { code, stdout } = await postern(['routes', '--manifests', '-'], '')
  expect(code).toBe(0)
  expect(stdout).toContain('postern.dev/expose')
})
