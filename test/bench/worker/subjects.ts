import { join } from 'node:path'
import { encodeCanonical } from '../../../src/model/canonical.ts'
import { systemClock } from '../../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../../src/registry/memory.ts'
import type { StoredRecord } from '../../../src/registry/port.ts'
import { Publisher } from '../../../src/registry/publisher.ts'
import { keyBindings, signer } from '../../support/keys.ts'
import { routeRecord, serviceRecord } from '../../support/records.ts'
import { startRelay, type TestRelay, TOKEN, untilAt } from '../../support/relay.ts'
import { startWorkerd, type Workerd, type WorkerdOptions } from '../../support/workerd.ts'
import { proxyCore, root } from '../peer.ts'
import { backendAddresses, backendPort, hostName } from '../workload.ts'

/** Hosts in the registry, each with a Service of its own. */
export const registryHosts = 100_000

const CLUSTER = 'bench'

/** A Worker under test, on the core of the subjects. */
export interface WorkerSubject {
  readonly name: string
  /** @param inspector where V8's inspector listens, as `address:port` */
  start(inspector?: string): Promise<Workerd>
}

const fixture = (name: string): string => join(root, 'test/fixtures/bench', name)

/** The three that are compared. */
export function subjectsOf(script: string, relay: TestRelay): WorkerSubject[] {
  const start = (options: WorkerdOptions) => (inspector?: string) =>
    startWorkerd({ ...options, core: proxyCore, ...(inspector !== undefined && { inspector }) })
  const backend = `${backendAddresses[0]}:${backendPort}`
  const postern = {
    ...keyBindings,
    RELAY_URL: relay.url,
    RELAY_TOKEN: TOKEN,
    CLUSTER,
    PODS: 'direct',
    REFRESH: '1h',
    MAX_STALE: '24h',
  }
  return [
    { name: 'empty', start: start({ script: fixture('empty-worker.js'), bindings: {} }) },
    {
      name: 'bare fetch',
      start: start({ script: fixture('bare-worker.js'), bindings: { BACKEND: backend } }),
    },
    { name: 'postern', start: start({ script, bindings: postern }) },
  ]
}

/** A relay over a registry of so many hosts. */
export async function startFullRelay(): Promise<TestRelay> {
  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster: CLUSTER, clock: systemClock, heads: signer })
  const relay = await startRelay(registry)
  const records = Array.from({ length: registryHosts }, (_, host) => recordsOf(host)).flat()
  await publisher.publish(records, systemClock.now())
  const { after } = await registry.load(new AbortController().signal)
  if (after !== undefined) await untilAt(relay.mirror, after.position)
  return relay
}

function recordsOf(host: number): StoredRecord[] {
  const service = `ns/svc-${host}:80`
  const endpoints = backendAddresses.map((address, index) => ({
    address,
    ready: true,
    serving: true,
    terminating: false,
    node: `node-${index}`,
    zone: 'a',
    pod: `svc-${host}-${index}`,
  }))
  const slice = { family: 'IPv4', ports: [{ name: '', port: backendPort }], endpoints }
  return [
    routeRecord(hostName(host), service),
    serviceRecord(service),
    { kind: 'endpoints', key: `ns/svc-${host}/svc-${host}-1`, text: encodeCanonical(slice) },
  ]
}
