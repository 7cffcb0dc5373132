import { randomBytes } from 'node:crypto'
import { Agent } from '../../src/agent/agent.ts'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import { ManifestWatch } from '../../src/agent/manifest-watch.ts'
import type { UpConfig } from '../../src/cli/config.ts'
import { LOOPBACK } from '../../src/cli/loopback.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { watchManifests } from '../../src/source/files.node.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { observePublishes } from '../../src/telemetry/sync-observer.ts'
import { announceProblems } from './announce.ts'
import { beat } from './heartbeat.ts'
import { loadKubeConfig } from './kubeconfig.ts'
import { openPlain } from './open-sealing.ts'
import { trustAnybody } from './open-trust.ts'
import { serveRelay } from './relay.ts'
import { SAMPLE_MANIFESTS, startSample } from './sample.ts'
import { say } from './say.ts'
import { type Serving, serveAlone } from './serve-alone.ts'
import { countWorkers, type GroupParts, serveGroup } from './serve-group.ts'
import { soleCluster } from './serve-parts.ts'
import { untilStopped } from './signals.ts'
import { readStdin } from './stdin.ts'
import { startTelemetry, type Telemetry } from './telemetry.ts'
import { VERSION } from './version.ts'
import { watchCluster } from './watch-cluster.ts'

/** Agent, registry, gateway and console in one process; with several workers, the gateway in processes of its own. @returns the exit code. */
export async function runUp(config: UpConfig): Promise<number> {
  const stopped = untilStopped()
  const registry = new MemoryRegistry()
  const publisher = new Publisher({
    writer: registry,
    cluster: config.cluster,
    clock: systemClock,
    digest: nodeDigest,
  })
  const count = countWorkers(config.workers)
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern',
    version: VERSION,
    clock: systemClock,
    // Workers write their own.
    ...(count > 1 && { accessLog: 'off' }),
  })
  const source = await startSource(config, publisher, telemetry)
  const serving =
    count > 1
      ? await serveRelayed(config, registry, { count, telemetry, stopped })
      : await serveAlone(
          { ...config, clusters: soleCluster(config.cluster) },
          {
            readerOf: () => registry,
            trust: trustAnybody,
            openerOf: openPlain,
            isSigned: false,
            telemetry,
            stopped,
            sharingOf: () => 'alone',
            onTable: (served) => announceProblems(served.problems()),
          },
        )
  await stopped
  await serving?.stop()
  await source.stop()
  await telemetry.shutdown()
  return 0
}

/** The gateway in processes of its own, which read the registry of this one. */
async function serveRelayed(
  config: UpConfig,
  registry: MemoryRegistry,
  parts: GroupParts,
): Promise<Serving | undefined> {
  const token = randomBytes(32).toString('hex')
  const listen = { host: '127.0.0.1', port: 0 }
  const tokens = { type: 'given', tokens: [token] } as const
  const server = await serveRelay({ listen, tokens }, registry, parts.telemetry)
  const relay = { url: `http://${listen.host}:${server.port}`, token }
  const serving = await serveGroup(config, { ...parts, relay })
  return {
    stop: async () => {
      await serving?.stop()
      await server.close()
    },
  }
}

/** What is published: a cluster, manifests, or the sample. */
async function startSource(
  config: UpConfig,
  publisher: Publisher,
  telemetry: Telemetry,
): Promise<{ stop(): Promise<void> }> {
  // Of files alone the endpoints may be on this machine: their Pods may be processes. A cluster's tenants are not lent it.
  const loopbackCidrs = config.kubeconfig === undefined ? LOOPBACK : []
  const compile = { ...config, loopbackCidrs, certificates: nodeCertificates }
  if (config.kubeconfig !== undefined) {
    // Trying it out on a cluster leaves nothing there.
    const api = new KubeApi(await loadKubeConfig(config.kubeconfig))
    return watchCluster({
      api,
      compile,
      publisher,
      secrets: 'open',
      candidate: undefined,
      writesEvents: false,
      gatewayAddresses: [],
      telemetry,
    })
  }
  const isSample = config.manifests.length === 0
  const sample = isSample ? await startSample() : undefined
  const manifests = isSample ? [SAMPLE_MANIFESTS] : config.manifests
  const watch = new ManifestWatch({
    source: new ManifestSource(manifests, readStdin),
    agent: new Agent({
      compile,
      publisher,
      secrets: 'open',
      sync: observePublishes({ ...telemetry, clock: systemClock }),
    }),
    clock: systemClock,
    onTrouble: say,
  })
  const files = await watchManifests(manifests, () => void watch.refresh())
  await watch.refresh()
  const end = new AbortController()
  const beating = beat(publisher, () => systemClock.now(), end.signal)
  const repeating = watch.repeat(systemTimers, end.signal)
  return {
    stop: async () => {
      end.abort()
      await Promise.all([beating, repeating, files.close(), sample?.close()])
    },
  }
}
