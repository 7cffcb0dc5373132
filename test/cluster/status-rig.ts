import { KubeConfig } from '@kubernetes/client-node'
import * as v from 'valibot'
import { afterAll, beforeAll, test } from 'vitest'
import { Agent } from '../../src/agent/agent.ts'
import { ClusterWatch } from '../../src/agent/cluster/cluster-watch.ts'
import { KubeApi, type Payload } from '../../src/agent/cluster/kube-api.ts'
import { ServiceStatuses, type ServiceStatusesOptions } from '../../src/agent/status/service-statuses.ts'
import { parseGatewayAddresses } from '../../src/cli/gateway-addresses.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { compileOptions } from '../support/compile.ts'
import type { Cluster } from './cluster.ts'
import { agentKubeconfig, manifest } from './postern.ts'
import { waitFor } from './wait-for.ts'

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
export const CLASS = 'postern.dev/gateway'
const AGENT = 'system:serviceaccount:postern:postern-agent'
export const OURS = [{ ip: '192.0.2.1', ipMode: 'Proxy' }, { hostname: 'edge.example.com' }]
const addresses = addressesOf('192.0.2.1,edge.example.com')

const reviewSchema = v.object({ status: v.object({ allowed: v.boolean() }) })
const statusSchema = v.object({
  status: v.object({ loadBalancer: v.object({ ingress: v.optional(v.array(v.unknown()), []) }) }),
})

interface Wanted {
  readonly name: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
}

export function serviceJson({ name, annotations = {}, spec = {} }: Wanted): string {
  const balancer = { type: 'LoadBalancer', loadBalancerClass: CLASS, ports: [{ port: 80 }] }
  const metadata = { name, annotations }
  return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ...balancer, ...spec } })
}

export function nameOf(name: string) {
  return { apiVersion: 'v1', kind: 'Service', name, namespace: 'default' }
}

export async function read(cluster: Cluster, name: string): Promise<readonly unknown[]> {
  return v.parse(statusSchema, await cluster.objects.get(nameOf(name))).status.loadBalancer.ingress
}

/** As another controller, or a user, would. */
export async function edit(cluster: Cluster, name: string, ingress: readonly object[] | null): Promise<void> {
  const path = `/api/v1/namespaces/default/services/${name}/status`
  const body = { status: { loadBalancer: { ingress } } }
  await cluster.api.send('PATCH', path, { body, contentType: 'application/merge-patch+json' })
}

/** What the API server answered the agent that read or wrote a status: both are patches. */
export function patches(cluster: Cluster, name: string): readonly number[] {
  const path = `/api/v1/namespaces/default/services/${name}/status`
  return cluster.plane
    .audited()
    .filter(({ user, requestURI }) => user.username === AGENT && requestURI.startsWith(path))
    .map(({ responseStatus }) => responseStatus.code)
}

export function addressesOf(text: string) {
  const parsed = parseGatewayAddresses(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

/** Lets the agent write statuses, or no longer; returns once the API server goes by it. */
export async function grant(cluster: Cluster, isGranted: boolean): Promise<void> {
  const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' }
  if (isGranted) {
    await cluster.objects.apply(manifest('components/load-balancer-status/agent-status-rbac.yaml'))
  } else await cluster.objects.delete({ ...binding, name: 'postern-agent-status' })
  const attributes = { namespace: 'default', verb: 'patch', resource: 'services', subresource: 'status' }
  const spec = { user: AGENT, resourceAttributes: attributes }
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
  await waitFor(
    `the agent ${isGranted ? 'may' : 'may not'} write statuses`,
    async () => v.parse(reviewSchema, await cluster.api.send('POST', REVIEWS, { body })).status.allowed,
    (isAllowed) => isAllowed === isGranted,
  )
}

export interface Running {
  readonly statuses: ServiceStatuses
  readonly troubles: string[]
  /** Begins to write, as the agent does that publishes. */
  startWriting(): void
  /** Goes on watching. */
  stopWriting(): Promise<void>
  stop(): Promise<void>
}

export interface RunOptions extends Partial<ServiceStatusesOptions> {
  readonly compile?: Partial<CompileOptions>
  /** Comes before each write of a status. */
  readonly beforeWrite?: (path: string) => Promise<void>
  /** What comes back of an answer. */
  readonly answered?: (text: string) => string
}

/** The agent's watch, compiler and writer of statuses, in this process, with what a kubeconfig lets them do. */
function runStatuses(
  kubeconfig: string,
  { compile = {}, beforeWrite = async () => {}, answered = (text) => text, ...options }: RunOptions,
): Running {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const api = new KubeApi(config)
  const writer = {
    send: async (path: string, payload: Payload, signal: AbortSignal) => {
      if (JSON.stringify(payload.body) !== '{}') await beforeWrite(path)
      return JSON.parse(answered(JSON.stringify(await api.send(path, payload, signal))))
    },
  }
  const troubles: string[] = []
  const onTrouble = (error: Error) => troubles.push(error.message)
  const system = { clock: systemClock, timers: systemTimers, random: systemRandom, onTrouble }
  const fixed = { api: writer, loadBalancerClass: CLASS, addresses, spacingMs: 10 }
  const statuses = new ServiceStatuses({ ...system, ...fixed, ...options })
  const publisher = new Publisher({ writer: new MemoryRegistry(), cluster: 'test', clock: systemClock })
  const onServices = statuses.update.bind(statuses)
  const agent = new Agent({ compile: { ...compileOptions, ...compile }, publisher, onServices })
  const onChanges = async (changes: Parameters<Agent['apply']>[0]) => void (await agent.apply(changes, 1))
  const watch = new ClusterWatch({ ...system, api, onChanges })

  const begin = (run: (signal: AbortSignal) => Promise<void>) => {
    const end = new AbortController()
    const running = run(end.signal)
    return async () => {
      end.abort()
      await running
    }
  }
  const stopWatching = begin((signal) => watch.run(signal))
  let stopWriting = begin((signal) => statuses.run(signal))
  return {
    statuses,
    troubles,
    startWriting: () => {
      stopWriting = begin((signal) => statuses.run(signal))
    },
    stopWriting: () => stopWriting(),
    stop: async () => {
      await Promise.all([stopWatching(), stopWriting()])
    },
  }
}

/** Tests of statuses on a cluster, within its suite. */
export function statusRig(cluster: () => Cluster) {
  let kubeconfig = ''
  let removeKubeconfig = (): void => {}
  beforeAll(async () => {
    const { file, remove } = await agentKubeconfig(cluster())
    kubeconfig = file
    removeKubeconfig = remove
    await grant(cluster(), true)
  })
  afterAll(() => removeKubeconfig())

  return {
    /** A test with an agent of its own. */
    withAgent: (title: string, options: RunOptions, run: (agent: Running) => Promise<void>): void => {
      test(title, async () => {
        const agent = runStatuses(kubeconfig, options)
        try {
          await run(agent)
        } finally {
          await agent.stop()
        }
      })
    },
    until: async (name: string, wanted: readonly object[]): Promise<void> => {
      await waitFor(
        `the status of ${name}`,
        () => read(cluster(), name),
        (ingress) => JSON.stringify(ingress) === JSON.stringify(wanted),
      )
    },
    settled: async ({ statuses }: Running): Promise<void> => {
      await waitFor(
        'nothing to wait for its status',
        () => statuses.waiting,
        (waiting) => waiting === 0,
      )
    },
    expose: (name: string, value: string | null): Promise<void> =>
      cluster().objects.patch(nameOf(name), { metadata: { annotations: { 'postern.dev/expose': value } } }),
  }
}
