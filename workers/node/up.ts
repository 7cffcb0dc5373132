import { Agent } from '../../src/agent/agent.ts'
import { ManifestWatch } from '../../src/agent/manifest-watch.ts'
import type { UpConfig } from '../../src/cli/config.ts'
import { createConsole } from '../../src/console/app.ts'
import { UndiciDialer } from '../../src/forward/undici-dialer.node.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { watchManifests } from '../../src/source/files.node.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { announceProblems, announceReady } from './announce.ts'
import { serveConsole } from './console.ts'
import { SAMPLE_MANIFESTS, startSample } from './sample.ts'
import { untilStopped } from './signals.ts'
import { readStdin } from './stdin.ts'
import { startTelemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

const HEARTBEAT_MS = 10_000

/** Agent, registry, gateway and console in one process. @returns the exit code. */
export async function runUp(config: UpConfig): Promise<number> {
  const isSample = config.manifests.length === 0
  const sample = isSample ? await startSample() : undefined
  const manifests = isSample ? [SAMPLE_MANIFESTS] : config.manifests
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern',
    version: VERSION,
    clock: systemClock,
  })
  const say = (error: Error): void => console.error(`postern: ${error.message}`)

  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster: config.cluster, clock: systemClock })
  const agent = new Agent({ compile: { domain: config.domain }, publisher, clock: systemClock })
  const watch = new ManifestWatch(new ManifestSource(manifests, readStdin), agent, say)

  const stop = new AbortController()
  let isLoaded: () => void = () => {}
  const loaded = new Promise<void>((resolve) => {
    isLoaded = resolve
  })
  const gateway = new Gateway({
    reader: registry,
    timers: systemTimers,
    random: systemRandom,
    onTrouble: say,
    onTable: () => {
      isLoaded()
      announceProblems(gateway.problems())
    },
  })
  const following = gateway.run(stop.signal)

  const dialer = new UndiciDialer(config)
  const listener = new Listener({
    table: () => gateway.table,
    observer: telemetry.observer,
    dialer,
    state: new GatewayState(),
    road: { trustedProxies: config.trustedProxies },
    timers: systemTimers,
    random: systemRandom,
    onTrouble: say,
  })
  let isDraining = false
  const view = {
    isReady: () => gateway.table !== undefined && !isDraining,
    notReadyReason: () => (isDraining ? 'draining' : 'no table has been loaded yet'),
    metrics: () => telemetry.prometheus(),
    routes: () => gateway.routes(),
    problems: () => gateway.problems(),
  }
  const operator = await serveConsole(createConsole(view), config.console)
  const files = await watchManifests(manifests, () => void watch.refresh())
  await watch.refresh()
  await loaded
  const port = await listener.listen(config.listen.host, config.listen.port)
  announceReady({
    gateway,
    port,
    host: config.listen.host,
    consoleHost: config.console.host,
    consolePort: operator.port,
  })

  const beat = setInterval(() => void publisher.heartbeat(systemClock.now()).catch(say), HEARTBEAT_MS)
  await untilStopped()
  clearInterval(beat)
  isDraining = true
  listener.startDraining()
  await new Promise((resolve) => systemTimers.start(config.drainDelayMs, () => resolve(undefined)))
  await listener.close(config.drainTimeoutMs)
  stop.abort()
  await Promise.all([files.close(), operator.close(), dialer.close(), following, sample?.close()])
  await telemetry.shutdown()
  return 0
}
