import type { AgentConfig } from '../../src/cli/config.ts'
import { createHealth } from '../../src/console/app.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { observeAgent, observeEvents } from '../../src/telemetry/agent-instruments.ts'
import { serveConsole } from './console.ts'
import { openRedis } from './open-registry.ts'
import { serveRelay } from './relay.ts'
import { untilStopped } from './signals.ts'
import { startTelemetry } from './telemetry.ts'
import { VERSION } from './version.ts'
import { watchCluster } from './watch-cluster.ts'

/** The agent: a cluster in, Redis out. @returns the exit code. */
export async function runAgent(config: AgentConfig): Promise<number> {
  const stopped = untilStopped()
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern-agent',
    version: VERSION,
    clock: systemClock,
    accessLog: 'off',
  })
  const registry = openRedis(config.registry, config.cluster)
  const counted = observeAgent(telemetry.meter, registry, () => cluster.observedAt(), systemClock)
  const publisher = new Publisher({
    writer: counted,
    cluster: config.cluster,
    clock: systemClock,
    digest: nodeDigest,
  })
  const cluster = watchCluster({
    kubeconfig: config.kubeconfig,
    compile: { ...config, allowLoopback: false },
    publisher,
    writesEvents: true,
    telemetry,
  })
  observeEvents(telemetry.meter, () => cluster.eventsWaiting())
  const view = {
    isReady: () => cluster.notReadyReason() === undefined,
    notReadyReason: () => cluster.notReadyReason() ?? '',
    metrics: () => telemetry.prometheus(),
  }
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
