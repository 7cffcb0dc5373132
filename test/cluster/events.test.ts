import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KubeConfig } from '@kubernetes/client-node'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Agent } from '../../src/agent/agent.ts'
import { ClusterWatch } from '../../src/agent/cluster/cluster-watch.ts'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import { ProblemEvents, type ProblemEventsOptions } from '../../src/agent/events/problem-events.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { compileOptions } from '../support/compile.ts'
import type { Cluster } from './cluster.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig } from './postern.ts'
import { waitFor } from './wait-for.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const checkSchema = v.object({ problems: v.array(v.looseObject({ code: v.string() })) })

/** May read what the agent reads, and write nothing. */
const READER = [
  {
    kind: 'ClusterRole',
    metadata: { name: 'reader' },
    rules: [
      {
        apiGroups: ['', 'discovery.k8s.io', 'networking.k8s.io'],
        resources: ['services', 'pods', 'nodes', 'namespaces', 'endpointslices', 'networkpolicies'],
        verbs: ['list', 'watch'],
      },
    ],
  },
  {
    kind: 'ClusterRoleBinding',
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'postern' }],
  },
]
  .map((object) => JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', ...object }))
  .join('\n---\n')

const WRONG = { 'postern.dev/expose': 'true', 'postern.dev/timeout': 'soon' }

const eventSchema = v.object({
  metadata: v.object({ name: v.string(), uid: v.string() }),
  reason: v.string(),
  type: v.string(),
  note: v.string(),
  reportingController: v.string(),
  regarding: v.object({ kind: v.string(), name: v.string(), uid: v.string(), apiVersion: v.string() }),
  series: v.optional(v.object({ count: v.number(), lastObservedTime: v.string() })),
})
type Event = v.InferOutput<typeof eventSchema>

/** Those of Postern in a namespace, on objects of one kind. */
async function readEvents(cluster: Cluster, namespace: string, kind = 'Service'): Promise<Event[]> {
  const items = await cluster.list(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`)
  return items
    .flatMap((item) => (v.is(eventSchema, item) ? [v.parse(eventSchema, item)] : []))
    .filter((event) => event.reportingController === 'postern.dev/agent' && event.regarding.kind === kind)
}

function serviceJson(name: string, annotations: Readonly<Record<string, string>>): string {
  // Without a selector nobody else writes anything for it.
  const metadata = { name, annotations }
  return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } })
}

interface RunningAgent {
  readonly events: ProblemEvents
  readonly troubles: string[]
  stop(): Promise<void>
}

/** The agent's watch, compiler and Events, in this process, with what a kubeconfig lets them do. */
function runEvents(kubeconfig: string, options: Partial<ProblemEventsOptions>): RunningAgent {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const stopping = new AbortController()
  const troubles: string[] = []
  const onTrouble = (error: Error) => troubles.push(error.message)
  const system = { api: new KubeApi(config), clock: systemClock, timers: systemTimers, onTrouble }
  const events = new ProblemEvents({ ...system, instance: 'test', ...options })
  const publisher = new Publisher({ writer: new MemoryRegistry(), cluster: 'test', clock: systemClock })
  const onProblems = events.update.bind(events)
  const agent = new Agent({ compile: compileOptions, publisher, onProblems })
  const onChanges = async (changes: Parameters<Agent['apply']>[0]) => void (await agent.apply(changes, 1))
  const watch = new ClusterWatch({ ...system, random: systemRandom, onChanges })
  const running = Promise.all([watch.run(stopping.signal), events.run(stopping.signal)])
  return {
    events,
    troubles,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

onCluster('problems as Events on their objects', (cluster) => {
  let kubeconfig = ''
  let removeKubeconfig = (): void => {}
  beforeAll(async () => {
    const { file, remove } = await agentKubeconfig(cluster())
    kubeconfig = file
    removeKubeconfig = remove
  })
  afterAll(() => removeKubeconfig())

  test('a problem that lasts is one Event, whose series grows; every other code has its own', async () => {
    await cluster().createNamespace('shop')
    await cluster().objects.apply(serviceJson('web', WRONG), { namespace: 'shop' })
    const agent = runEvents(kubeconfig, { repeatMs: 200 })
    const seen = await waitFor(
      'the series to grow',
      () => readEvents(cluster(), 'shop'),
      (events) => events.length === 2 && events.every(({ series }) => (series?.count ?? 0) >= 3),
    )
    expect(seen.map(({ reason, type }) => `${type} ${reason}`).sort()).toEqual([
      'Warning AnnotationInvalid',
      'Warning EndpointsMissing',
    ])
    const service = v.parse(
      v.object({ metadata: v.object({ uid: v.string() }) }),
      await cluster().objects.get({ apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' }),
    )
    for (const { regarding } of seen) {
      expect(regarding).toEqual({ apiVersion: 'v1', kind: 'Service', name: 'web', uid: service.metadata.uid })
    }
    expect(seen.find(({ reason }) => reason === 'AnnotationInvalid')?.note).toContain('"soon" is wrong')
    // Changes that leave the problem as it is are compiled and published, and make no Event.
    const name = { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' }
    for (const team of ['blue', 'green', 'red']) {
      await cluster().objects.patch(name, {
        metadata: { annotations: { 'postern.dev/host': `${team}.test` } },
      })
    }
    const before = seen[0]?.series?.count ?? 0
    const later = await waitFor(
      'the series to grow further',
      () => readEvents(cluster(), 'shop'),
      (events) => events.every(({ series }) => (series?.count ?? 0) > before + 2),
    )
    expect(later.map(({ metadata }) => metadata.uid).sort()).toEqual(
      seen.map(({ metadata }) => metadata.uid).sort(),
    )
    await agent.stop()
    expect(agent.troubles).toEqual([])
  })

  test('an agent that starts anew goes on with the Event that is there; one that is mended is told no more', async () => {
    const before = await readEvents(cluster(), 'shop')
    const agent = runEvents(kubeconfig, {})
    await waitFor(
      'everything to be taken over',
      () => agent.events.waiting,
      (waiting) => waiting === 0,
    )
    await agent.stop()
    const after = await readEvents(cluster(), 'shop')
    expect(after.map(({ metadata, series }) => [metadata.uid, series])).toEqual(
      before.map(({ metadata, series }) => [metadata.uid, series]),
    )
    expect(agent.troubles).toEqual([])
  })

  test('200 wrong Services make no flood: what the rate allows is told, the others wait', async () => {
    await cluster().objects.delete({ apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' })
    await cluster().createNamespace('crowd')
    const names = Array.from({ length: 200 }, (_, i) => `wrong-${i}`)
    // Not exposed: nothing but this is wrong.
    const annotations = { 'postern.dev/expose': 'perhaps' }
    await cluster().objects.apply(names.map((name) => serviceJson(name, annotations)).join('\n---\n'), {
      namespace: 'crowd',
    })
    // Time stands still until it is moved.
    let elapsed = 0
    const clock = { now: systemClock.now, elapsed: () => elapsed }
    const agent = runEvents(kubeconfig, { clock, rate: { burst: 10, perMinute: 20 } })
    const expectTold = async (told: number) => {
      await waitFor(
        `${told} of 200 to be told`,
        () => agent.events.waiting,
        (waiting) => waiting === 200 - told,
      )
      expect(await readEvents(cluster(), 'crowd')).toHaveLength(told)
    }
    await expectTold(10)
    elapsed += 15_000
    agent.events.update([])
    await expectTold(15)
    elapsed += 3_600_000
    agent.events.update([])
    await expectTold(25)
    await agent.stop()
    expect(agent.troubles).toEqual([])
  })

  test('an agent that may not write says so once, and goes on without', async () => {
    await cluster().objects.apply(READER)
    const folder = mkdtempSync(join(tmpdir(), 'postern-reader-'))
    const file = join(folder, 'kubeconfig')
    writeFileSync(file, JSON.stringify(await cluster().kubeconfigOf('postern', 'default')))
    const before = await readEvents(cluster(), 'crowd')
    const agent = runEvents(file, { repeatMs: 50, rate: { burst: 1000, perMinute: 60_000 } })
    await waitFor(
      'the refusal to be said',
      () => agent.troubles,
      (troubles) => troubles.length > 0,
    )
    await cluster().objects.apply(serviceJson('late', { 'postern.dev/expose': 'no' }), { namespace: 'crowd' })
    await waitFor(
      'the late one to be known',
      () => agent.events.waiting,
      (waiting) => waiting === 201,
    )
    await agent.stop()
    expect(agent.troubles).toEqual([expect.stringContaining('403')])
    expect(await readEvents(cluster(), 'crowd')).toEqual(before)
    rmSync(folder, { recursive: true })
  })

  test('a namespace that takes no Events holds up no other', async () => {
    await cluster().createNamespace('fair')
    const rules = [{ apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] }]
    const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'postern' }]
    const writer = [
      { kind: 'Role', metadata: { name: 'writer' }, rules },
      {
        kind: 'RoleBinding',
        metadata: { name: 'writer' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'writer' },
        subjects,
      },
    ].map((object) => JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', ...object }))
    const late = serviceJson('late', { 'postern.dev/expose': 'perhaps' })
    await cluster().objects.apply([...writer, late].join('\n---\n'), { namespace: 'fair' })
    const folder = mkdtempSync(join(tmpdir(), 'postern-writer-'))
    const file = join(folder, 'kubeconfig')
    writeFileSync(file, JSON.stringify(await cluster().kubeconfigOf('postern', 'default')))
    const agent = runEvents(file, { rate: { burst: 1000, perMinute: 60_000 } })
    await waitFor(
      'the Event where it may be',
      () => readEvents(cluster(), 'fair'),
      (events) => events.length === 1,
    )
    await agent.stop()
    expect(agent.troubles.length).toBeGreaterThan(0)
    expect(agent.troubles.filter((each) => !each.includes('403'))).toEqual([])
    rmSync(folder, { recursive: true })
  })

  test('check lists the problems of a live cluster, and fails on errors', async () => {
    const args = ['workers/node/postern.ts', 'check', '--kubeconfig', kubeconfig, '--json']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    const { problems } = v.parse(checkSchema, JSON.parse(stdout))
    const found = problems.filter(({ code }) => code === 'annotation-invalid')
    expect(found).toHaveLength(202)
    expect(found[0]).not.toHaveProperty('file')
  })
})
