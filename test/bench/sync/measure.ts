import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../../cluster/wait-for.ts'
import {
  type AgentProcess,
  type PosternProcess,
  type ServingProcess,
  startAgent,
  startServing,
} from '../../support/postern-process.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import type { BenchArguments } from '../arguments.ts'
import { readTreeUsage } from '../cpu.ts'
import type { BenchRow } from '../report.ts'
import { Stage } from '../stage.ts'
import { BenchCluster, domain } from './cluster.ts'
import { runEvents } from './event-load.ts'
import { feedKubeconfig } from './kubeconfig.ts'
import { measuredEnv, pidOf, readMemory } from './measured-process.ts'
import { clusterName, measureCost, measureResync, startMs } from './phases.ts'
import { Probe, startPods } from './probe.ts'
import { type Figures, rowsOf, type Start } from './rows.ts'
import { WatchFeed } from './watch-feed.ts'

/** Of the containers in the fixtures' Pods. */
const podPort = 8080
const minServices = 100
/** Of one Service beside the others. */
const largeEndpoints = 5_000
const settleMs = 5_000

/** Measures one size of cluster: starts, then events without and with requests, then a resync that changes nothing. */
export async function measureSync(
  services: number,
  options: BenchArguments,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  if (services < minServices) {
    throw new Error(
      `Cannot measure ${services} Services: each would be changed twice at a time below ${minServices}`,
    )
  }
  const stack = new AsyncDisposableStack()
  try {
    return rowsOf(services, await measure(services, options, signal, stack))
  } finally {
    await stack.disposeAsync()
  }
}

async function measure(
  services: number,
  { seconds: roundSeconds, rounds, endpoints }: BenchArguments,
  signal: AbortSignal,
  stack: AsyncDisposableStack,
): Promise<Figures> {
  const tell = (what: string) => process.stderr.write(`${services} Services: ${what}\n`)
  const cluster = new BenchCluster(services, { endpoints, large: largeEndpoints })
  const feed = await WatchFeed.start(cluster)
  stack.defer(() => feed.close())
  const redis = await startRedis()
  stack.defer(() => redis.kill())
  const pods = await startPods(podPort)
  stack.defer(() => void pods.close())
  tell('starting the agent')
  const { agent, ...agentStart } = await startTheAgent(feed, redis, signal, stack)
  const gatewayStarts: Start[] = []
  let gateway: ServingProcess | undefined
  for (let round = 1; round <= rounds; round++) {
    tell(`starting a gateway, ${round} of ${rounds}`)
    await gateway?.stop('SIGKILL')
    const startedAt = performance.now()
    gateway = await startTheGateway(redis, cluster.sizeOf('Service'))
    gatewayStarts.push(startOf(gateway, startedAt))
  }
  if (gateway === undefined) throw new Error('Cannot measure without a gateway')
  const last = gateway
  stack.defer(async () => void (await last.stop('SIGKILL')))
  await sleep(settleMs, undefined, { signal })
  const parts = { cluster, feed, redis, agent, gateway }
  const seconds = roundSeconds * rounds
  tell(`events for ${seconds} s`)
  const cost = await measureCost(parts, seconds, signal)
  tell(`events and requests for ${seconds} s`)
  const probe = new Probe(gateway.port)
  await runEvents({ cluster, feed, seconds, signal }, (replacement) => probe.start(replacement))
  const routableMillis = await probe.end()
  tell('a resync that changes nothing')
  const resync = await measureResync(parts)
  await sleep(settleMs, undefined, { signal })
  return {
    agentStarts: [agentStart],
    gatewayStarts,
    cost,
    routableMillis,
    resync,
    agent: await readMemory(agent),
    gateway: await readMemory(gateway),
  }
}

async function startTheAgent(
  feed: WatchFeed,
  redis: RedisServer,
  signal: AbortSignal,
  stack: AsyncDisposableStack,
): Promise<Start & { agent: AgentProcess }> {
  const { folder } = new Stage(signal)
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, feedKubeconfig(feed.url))
  const flags = [
    '--kubeconfig',
    kubeconfig,
    '--redis',
    redis.url,
    '--cluster',
    clusterName,
    '--domain',
    domain,
    // The feed has no Leases.
    '--leader-election',
    'off',
  ]
  const startedAt = performance.now()
  const agent = await startAgent(flags, measuredEnv)
  stack.defer(async () => void (await agent.stop()))
  await waitFor('the first publish', () => agent.isReady(), Boolean, { timeoutMs: startMs, everyMs: 10 })
  return { agent, ...startOf(agent, startedAt) }
}

function startOf(postern: PosternProcess, startedAt: number): Start {
  const millis = performance.now() - startedAt
  const { userMicros, systemMicros, rssBytes } = readTreeUsage(pidOf(postern))
  return { millis, cpuMillis: (userMicros + systemMicros) / 1000, rssBytes }
}

/** Ready with a route for each Service. */
async function startTheGateway(redis: RedisServer, routes: number): Promise<ServingProcess> {
  const args = ['gateway', '--redis', redis.url, '--cluster', clusterName]
  const gateway = await startServing(args, measuredEnv, [], startMs)
  if (!gateway.said().includes(`ready, ${routes} routes`)) {
    throw new Error(`The gateway's table is not whole:\n${gateway.said().slice(-2000)}`)
  }
  return gateway
}
