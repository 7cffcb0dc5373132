import { readFile } from 'node:fs/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import { kubeSecrets } from '../../src/agent/acme/kube-secrets.ts'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import type { AgentConfig } from '../../src/cli/config.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import { createHealth } from '../../src/console/app.ts'
import type { HealthView } from '../../src/console/view.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import type { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import {
  observeAgent,
  observeEvents,
  observeLeader,
  observeSigned,
} from '../../src/telemetry/agent-instruments.ts'
import { serveConsole } from './console.ts'
import { createCandidate, ownNamespace, roleOf } from './election.ts'
import { saveMemory } from './heap.ts'
import { loadKubeConfig } from './kubeconfig.ts'
import { openRedis } from './open-registry.ts'
import { openSealer } from './open-sealing.ts'
import { openSigning, type Signing, trustAnybody } from './open-trust.ts'
import { serveRelay } from './relay.ts'
import { untilStopped } from './signals.ts'
import { startTelemetry, type Telemetry } from './telemetry.ts'
import { VERSION } from './version.ts'
import { type AcmeSource, type WatchedCluster, watchCluster } from './watch-cluster.ts'

/** The agent: a cluster in, Redis out. @returns the exit code. */
export async function runAgent(config: AgentConfig): Promise<number> {
  const stopped = untilStopped()
  const signing = await openSigning(config.signing)
  const kubeconfig = await loadKubeConfig(config.kubeconfig)
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern-agent',
    version: VERSION,
    clock: systemClock,
    accessLog: 'off',
  })
  // Read for the relay alone, whose readers look at the signatures themselves.
  const registry = openRedis(config.registry, config.cluster, trustAnybody)
  const ca = config.acmeCa === undefined ? undefined : await readFile(config.acmeCa, 'utf8')
  const { cluster, view } = startAgent(config, kubeconfig, registry, signing, telemetry, ca)
  const { serveRelay: listen, tokens } = config
  const relay = listen && (await serveRelay({ listen, tokens }, registry, telemetry))
  if (relay) console.error(`postern: relay on http://${listen.host}:${relay.port}`)
  const operator = await serveConsole(createHealth(view, 'postern agent'), config.console)
  console.error(
    `postern: agent of cluster ${config.cluster}, health on http://${config.console.host}:${operator.port}`,
  )
  await stopped
  await Promise.all([cluster.stop(), relay?.close(), operator.close()])
  await registry.close()
  await telemetry.shutdown()
  return 0
}

/** Watches, and publishes when it is this agent's turn. */
function startAgent(
  config: AgentConfig,
  kubeconfig: KubeConfig,
  registry: RedisRegistry,
  { heads, key }: Signing,
  telemetry: Telemetry,
  acmeCa: string | undefined,
): { readonly cluster: WatchedCluster; readonly view: HealthView } {
  const { meter } = telemetry
  const api = new KubeApi(kubeconfig)
  const isAlone = config.leaderElection === 'off'
  const lead = (term: AbortSignal): Promise<void> => cluster.lead(term)
  const candidate = isAlone ? undefined : createCandidate(config, kubeconfig, api, lead)
  const publisher = new Publisher({
    writer: observeAgent(meter, registry, () => cluster.observedAt(), systemClock),
    cluster: config.cluster,
    clock: systemClock,
    digest: nodeDigest,
    heads,
    ...(candidate && { epochs: candidate }),
  })
  const compile = { ...config, loopbackCidrs: [], certificates: nodeCertificates }
  const cluster = watchCluster({
    api,
    compile,
    publisher,
    secrets: openSealer(config, registry, key),
    candidate,
    writesEvents: true,
    gatewayAddresses: config.gatewayAddresses,
    acme: acmeOf(config, kubeconfig, api, acmeCa),
    telemetry,
    onListing: saveMemory,
  })
  observeSigned(meter, () => key !== undefined)
  observeEvents(meter, () => cluster.eventsWaiting())
  observeLeader(meter, () => candidate?.isLeading ?? true)
  const view = {
    isReady: () => cluster.notReadyReason() === undefined,
    notReadyReason: () => cluster.notReadyReason() ?? '',
    readyFor: () => candidate && roleOf(candidate),
    metrics: () => telemetry.prometheus(),
  }
  return { cluster, view }
}

const ACME_ACCOUNT = 'postern-acme-account'

function acmeOf(
  { acmeDirectory, acmeEmail, acmeAccount }: AgentConfig,
  kubeconfig: KubeConfig,
  api: KubeApi,
  ca: string | undefined,
): AcmeSource | undefined {
  if (acmeDirectory === undefined) return undefined
  const secret = acmeAccount ?? { namespace: ownNamespace(kubeconfig), name: ACME_ACCOUNT }
  return { directory: acmeDirectory, ca, account: { secret, email: acmeEmail }, secrets: kubeSecrets(api) }
}
