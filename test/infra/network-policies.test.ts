import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { componentManifests, type Deployment, deployments, manifests, readInfra } from './manifests.ts'
import { admits, type Peer } from './policies.ts'

const NAMESPACE = 'postern'
const patchSchema = v.strictObject({ op: v.literal('add'), path: v.string(), value: v.string() })
const componentSchema = v.object({
  patches: v.array(v.object({ target: v.object({ kind: v.string(), name: v.string() }), patch: v.string() })),
})

const everything = structuredClone([...manifests(), ...componentManifests('relay')])
for (const { target, patch } of v.parse(
  componentSchema,
  parse(readInfra('kustomize/components/relay/kustomization.yaml')),
).patches) {
  const object = everything.find(
    ({ kind, metadata }) => kind === target.kind && metadata.name === target.name,
  )
  for (const { path, value } of v.parse(v.array(patchSchema), parse(patch))) add(object, path, value)
}
const policies = everything.filter(({ kind }) => kind === 'NetworkPolicy')
const workloads = deployments(everything)

/** As JSON Patch appends to a list. */
function add(object: unknown, path: string, value: string): void {
  const [, ...steps] = path.split('/')
  expect(steps.pop()).toBe('-')
  const list = steps.reduce((at: unknown, step) => Object(at)[step], object)
  if (!Array.isArray(list)) throw new Error(`There is no list at ${path}`)
  list.push(value)
}

function podOf(name: string): Peer {
  const labels = workloads.find(({ metadata }) => metadata.name === name)?.spec.template.metadata.labels
  if (labels === undefined) throw new Error(`There is no ${name}`)
  return { type: 'pod', namespace: NAMESPACE, namespaceLabels: namespaceLabels(NAMESPACE), labels }
}

function namespaceLabels(name: string, more: Readonly<Record<string, string>> = {}) {
  return { 'kubernetes.io/metadata.name': name, ...more }
}

function stranger(more: Readonly<Record<string, string>> = {}): Peer {
  // Labelled like one of ours: what counts is where it runs.
  const labels = { 'app.kubernetes.io/name': 'postern', 'app.kubernetes.io/component': 'gateway' }
  return { type: 'pod', namespace: 'other', namespaceLabels: namespaceLabels('other', more), labels }
}

/** Every port of every Pod, as `component:port`. */
const ports = workloads.flatMap((workload) =>
  workload.spec.template.spec.containers.flatMap((container) =>
    container.ports.map(({ name }) => [`${nameOf(workload)}:${name}`, workload, name] as const),
  ),
)

function nameOf({ metadata }: Deployment): string {
  return metadata.name.replace('postern-', '')
}

const OPEN = ['gateway:http', 'relay:relay']
const CONSOLES = ['agent:console', 'gateway:console', 'relay:console']

test('these are all the ports that there are', () => {
  expect(ports.map(([title]) => title).sort()).toEqual([...OPEN, ...CONSOLES, 'redis:redis'].sort())
})

describe('what the NetworkPolicies leave open', () => {
  test.each<readonly [string, Peer, readonly string[]]>([
    ['clients from outside', { type: 'outside' }, OPEN],
    ['Pods of other namespaces', stranger(), OPEN],
    [
      'Pods of a namespace that may see consoles',
      stranger({ 'postern.dev/console': 'allowed' }),
      [...OPEN, ...CONSOLES],
    ],
    ['Pods of a namespace that is labelled otherwise', stranger({ 'postern.dev/console': 'no' }), OPEN],
    ['the agent', podOf('postern-agent'), [...OPEN, 'redis:redis']],
    ['gateways', podOf('postern-gateway'), [...OPEN, 'redis:redis']],
    ['relays', podOf('postern-relay'), [...OPEN, 'redis:redis']],
    ['Redis', podOf('postern-redis'), OPEN],
  ])('%s', (_title, from, expected) => {
    const reached = ports.filter(([, to, port]) => admits(policies, to, port, from)).map(([title]) => title)
    expect(reached.sort()).toEqual([...expected].sort())
  })
})

test('a Pod of the namespace that no other policy names is reached by nobody', () => {
  const [some] = workloads
  if (some === undefined) throw new Error('There is no Deployment')
  const unknown = structuredClone(some)
  const { template } = unknown.spec
  const other = {
    ...unknown,
    spec: { ...unknown.spec, template: { ...template, metadata: { labels: { app: 'debug' } } } },
  }
  for (const port of ['http', 'console', 'redis']) {
    expect(admits(policies, other, port, podOf('postern-gateway'))).toBe(false)
  }
})
