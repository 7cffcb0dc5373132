// `npm run dev:worker`: the sample, a relay and the Worker together, offline. Ends with Ctrl+C.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Agent } from '../../src/agent/agent.ts'
import { ManifestWatch } from '../../src/agent/manifest-watch.ts'
import { flags } from '../../src/cli/flags.ts'
import { LOOPBACK } from '../../src/cli/loopback.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { startRelayServer } from '../../src/relay/server.node.ts'
import { watchManifests } from '../../src/source/files.node.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { beat } from '../../workers/node/heartbeat.ts'
import { SAMPLE_MANIFESTS, startSample } from '../../workers/node/sample.ts'
import { say } from '../../workers/node/say.ts'

const RELAY_PORT = 7070
const WORKER_PORT = 8787
const CLUSTER = 'default'
const STATUS_TOKEN = 'dev'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
await startRegistry()
process.exitCode = await runWorker()
process.exit()

/** Publishes the sample, and serves it as a relay that asks for no token. */
async function startRegistry(): Promise<void> {
  await startSample()
  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster: CLUSTER, clock: systemClock })
  const compile = {
    domain: 'localhost',
    hostTemplate: flags.hostTemplate.fallback,
    hostClaims: flags.hostClaims.fallback,
    allowHosts: [],
    loadBalancerClass: 'postern.dev/gateway',
    endpointCidrs: [],
    allowExternalNames: false,
    allowUnverifiedBackends: false,
    gatewayPods: { namespace: 'postern', labels: {} },
    certificates: nodeCertificates,
    loopbackCidrs: LOOPBACK,
  }
  const watch = new ManifestWatch({
    source: new ManifestSource([SAMPLE_MANIFESTS], () => Promise.resolve('')),
    agent: new Agent({ compile, publisher, secrets: 'open' }),
    clock: systemClock,
    onTrouble: say,
  })
  await watchManifests([SAMPLE_MANIFESTS], () => void watch.refresh())
  await watch.refresh()
  void beat(publisher, () => systemClock.now(), stop.signal)
  await startRelayServer({
    reader: registry,
    tokens: [],
    host: '127.0.0.1',
    port: RELAY_PORT,
    timers: systemTimers,
    random: systemRandom,
    observer: { answered: () => {}, followerJoined: () => {}, followerLeft: () => {} },
    onTrouble: say,
  })
}

/** @returns the exit code of `wrangler dev`. */
async function runWorker(): Promise<number> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const address = ['--ip', '127.0.0.1', '--port', `${WORKER_PORT}`]
  const vars = ['--var', `RELAY_URL:http://127.0.0.1:${RELAY_PORT}`, '--var', `STATUS_TOKEN:${STATUS_TOKEN}`]
  const child = spawn('wrangler', ['dev', ...address, ...vars, '--show-interactive-dev-session=false'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Offline: nothing is asked of the platform.
    env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' },
  })
  stop.signal.addEventListener('abort', () => child.kill('SIGINT'))
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.error(line)
    if (/\bReady on\b/.test(line)) announce()
  })
  await once(child, 'exit')
  return stop.signal.aborted ? 0 : (child.exitCode ?? 1)
}

function announce(): void {
  const status = `-H 'Authorization: Bearer ${STATUS_TOKEN}'`
  for (const line of [
    `curl http://shop.localhost:${WORKER_PORT}/`,
    `curl http://shop.localhost:${WORKER_PORT}/api/`,
    `curl -N http://shop.localhost:${WORKER_PORT}/api/events`,
    `curl http://carts.shop.localhost:${WORKER_PORT}/`,
    `curl http://shop.localhost:${WORKER_PORT}/.postern/health`,
    `curl ${status} http://shop.localhost:${WORKER_PORT}/.postern/status`,
  ]) {
    console.error(`  ${line}`)
  }
  console.error(`postern: the Worker is ready on http://127.0.0.1:${WORKER_PORT}`)
}
