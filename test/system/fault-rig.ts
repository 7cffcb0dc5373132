import * as v from 'valibot'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Cluster } from '../cluster/cluster.ts'
import { deploy, waitForReady } from '../cluster/deploy.ts'
import { agentKubeconfig, runAgent } from '../cluster/postern.ts'
import { readPods } from '../cluster/reads.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { workloadYaml } from '../cluster/workload.ts'
import { freePort } from '../support/free-port.ts'
import { freshRecords, storedRecords } from '../support/fresh-records.ts'
import { type AgentProcess, type ServingProcess, startServing } from '../support/postern-process.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'
import { type Backend, startTcpBalancer } from '../support/tcp-balancer.ts'

export const HOST = 'web.shop.apps.test'
export const CLIENTS = 8
export const EXPOSED = { 'postern.dev/expose': 'true' }
const answerSchema = v.object({ pod: v.string() })

/** Where the registry of a rig is, as `--redis` takes it. */
export interface RigRegistry {
  readonly url: string
  /** How gateways read it; undefined: as the agent writes it. */
  readonly readerArgs?: readonly string[]
  close(): Promise<void>
}

export interface FaultRig {
  /** What Postern's parts were given as `--redis`. */
  redisUrl(): string
  /** Where clients ask. */
  port(): number
  readonly load: () => SteadyLoad
  readonly agent: () => AgentProcess
  /** Ends the agent if it runs, and starts another; resolves when that one publishes. */
  replaceAgent(args?: readonly string[]): Promise<void>
  readonly gateways: ServingProcess[]
  /** Starts the gateway of that place again, on its ports. */
  startGateway(place: number): Promise<void>
  scale(replicas: number): Promise<void>
  /** Both gateways send to exactly the Pods that are ready, and the registry holds what the cluster compiles to. */
  settle(): Promise<void>
  /** Failures until now, taken off the list. */
  takeFailures(): string[]
}

/**
 * Two gateways behind a TCP balancer that sends nothing twice, an agent, a Deployment that is exposed, and clients that
 * never retry. After each test all of it must still answer, and no request have failed that the test did not take.
 */
export function faultRig(
  cluster: () => Cluster,
  openRegistry: () => Promise<RigRegistry>,
  gatewayArgs: readonly string[] = [],
  gatewayEnv: (place: number) => NodeJS.ProcessEnv = () => ({}),
): FaultRig {
  let registry: RigRegistry
  let kubeconfig: { file: string; remove(): void }
  let agent: AgentProcess
  const backends: Backend[] = []
  const gateways: ServingProcess[] = []
  let balancer: { stop(): void }
  let port: number
  let load: SteadyLoad

  const gatewayOn = ({ port: listen, healthPort }: Backend, place: number) =>
    startServing(
      [
        ...['gateway', ...(registry.readerArgs ?? ['--redis', registry.url])],
        ...['--drain-delay', '500ms', ...gatewayArgs],
        ...['--listen', `127.0.0.1:${listen}`, '--console', `127.0.0.1:${healthPort}`],
      ],
      gatewayEnv(place),
    )

  beforeAll(async () => {
    registry = await openRegistry()
    kubeconfig = await agentKubeconfig(cluster())
    const yaml = workloadYaml({ replicas: 3, preStopSeconds: 1, serviceAnnotations: EXPOSED })
    await deploy(cluster(), yaml, { namespace: 'shop', count: 3 })
    agent = await runAgent(kubeconfig.file, registry.url)
    for (let i = 0; i < 2; i++) backends.push({ port: await freePort(), healthPort: await freePort() })
    gateways.push(...(await Promise.all(backends.map(gatewayOn))))
    port = await freePort()
    balancer = await startTcpBalancer(port, backends)
    load = new SteadyLoad(() => port, [HOST], CLIENTS)
    await settle()
  }, 120_000)
  afterEach(async () => {
    await load.answers(100)
    expect(takeFailures()).toEqual([])
  })
  afterAll(async () => {
    await load.stop()
    balancer.stop()
    await Promise.all([agent.stop('SIGKILL'), ...gateways.map((gateway) => gateway.stop('SIGKILL'))])
    await registry.close()
    kubeconfig.remove()
  })

  async function settle(): Promise<void> {
    await waitFor(
      'both gateways to know the ready Pods',
      async () => {
        const pods = await readPods(cluster(), 'shop')
        const ready = pods.filter((pod) => pod.isReady && !pod.isTerminating).map(({ name }) => name)
        const behind = await Promise.all(backends.map((backend) => podsBehind(backend.port)))
        return [ready.join(' '), ...behind]
      },
      ([ready, ...behind]) => behind.every((names) => names === ready),
      { timeoutMs: 60_000 },
    )
    await waitFor(
      'the registry to hold what the cluster compiles to',
      async () => ({
        stored: await storedRecords(registry.url),
        fresh: await freshRecords(kubeconfig.file),
      }),
      ({ stored, fresh }) => fresh.length > 0 && stored.join('\n') === fresh.join('\n'),
      { timeoutMs: 60_000 },
    )
  }

  async function podsBehind(gatewayPort: number): Promise<string> {
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(gatewayPort, HOST, '/')))
    const pods = answers.map(({ status, body }) =>
      status === 200 ? v.parse(answerSchema, JSON.parse(body)).pod : `status ${status}`,
    )
    return [...new Set(pods)].sort().join(' ')
  }

  const takeFailures = (): string[] => load.failures.splice(0)

  return {
    redisUrl: () => registry.url,
    port: () => port,
    load: () => load,
    agent: () => agent,
    replaceAgent: async (args = []) => {
      if (agent.child.exitCode === null && agent.child.signalCode === null) await agent.stop('SIGKILL')
      agent = await runAgent(kubeconfig.file, registry.url, args)
      await waitFor('the new agent to lead', agent.isLeading, (isLeading) => isLeading)
    },
    gateways,
    startGateway: async (place) => {
      const backend = backends[place]
      if (backend === undefined) throw new Error(`There is no gateway ${place}`)
      gateways[place] = await gatewayOn(backend, place)
    },
    scale: async (replicas) => {
      const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' }
      await cluster().objects.scale(deployment, replicas)
      await waitForReady(cluster(), { namespace: 'shop', count: replicas })
    },
    settle,
    takeFailures,
  }
}
