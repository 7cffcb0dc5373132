import { randomBytes } from 'node:crypto'
import { Compilation } from '../../src/compile/compilation.ts'
import { endpointPool } from '../../src/forward/endpoint-pool.node.ts'
import type { ConnectionLimits } from '../../src/gateway/connection-bounds.ts'
import { type Answer, ExternalNames } from '../../src/gateway/external-names.ts'
import type { Freshness } from '../../src/gateway/freshness.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import type { RoadOptions } from '../../src/gateway/road.ts'
import { roadState } from '../../src/gateway/road-state.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { Table } from '../../src/gateway/table.ts'
import type { TlsParts } from '../../src/gateway/tls/handshakes.node.ts'
import { Scopes } from '../../src/gateway/tls/scopes.ts'
import { RateLimits } from '../../src/limits/rate-limits.ts'
import type { Cidr } from '../../src/model/address.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { Timers } from '../../src/model/clock.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import type { StoredRecord } from '../../src/registry/port.ts'
import { secretOpener } from '../../src/registry/sealing/open-secret.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import type { Observer, RequestEnd, RequestStart } from '../../src/telemetry/observer.ts'
import type { SealedIdentity } from '../../src/tls/scope.ts'
import { TicketRing, ticketKey } from '../../src/tls/ticket-keys.ts'
import { testAccess } from './access.ts'
import { compileOptions } from './compile.ts'
import { testIdentities } from './identities.ts'

/** The records that a manifest compiles to. */
export function recordsOf(yaml: string, domain = 'example.test'): StoredRecord[] {
  const { objects, problems } = collectManifests([parseManifest(yaml, 'test.yaml')])
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length > 0) throw new Error(`the test's manifest is wrong: ${JSON.stringify(errors)}`)
  const changes = new Compilation({ ...compileOptions, domain }).apply(
    [...objects.values()].map((object) => ({ type: 'put', object })),
  )
  return changes.flatMap(({ kind, key, value }) =>
    value === null ? [] : [{ kind, key, text: encodeCanonical(value) }],
  )
}

/** The table that a manifest compiles to. */
export function tableOf(yaml: string, domain?: string): Table {
  const table = new Table()
  table.apply(recordsOf(yaml, domain))
  return table
}

export interface Seen extends RequestEnd {
  readonly start: RequestStart
  readonly attempts: number
}

/** Keeps what requests came to, for tests to read. */
export class RecordingObserver implements Observer {
  readonly seen: Seen[] = []
  /** Why attempts failed, as far as that was told. */
  readonly causes: unknown[] = []
  #waiting: (() => void)[] = []

  request(start: RequestStart) {
    let attempts = 0
    return {
      requestId: '0af7651916cd43dd8448eb211c80319c',
      routed: () => {},
      attempt: () => {
        attempts++
        const end = (_status: unknown, _error: unknown, cause?: unknown): void => {
          if (cause !== undefined) this.causes.push(cause)
        }
        return { headers: [], end }
      },
      end: (end: RequestEnd) => {
        this.seen.push({ ...end, start, attempts })
        for (const wake of this.#waiting.splice(0)) wake()
      },
    }
  }

  /** The first `count` requests that ended. */
  async ended(count: number): Promise<readonly Seen[]> {
    while (this.seen.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.seen
  }
}

export interface TestGateway {
  readonly port: number
  /** Where TLS is spoken; 0: nowhere. */
  readonly securePort: number
  readonly observer: RecordingObserver
  readonly state: GatewayState
  readonly listener: Listener
  /** A newer table is in force. */
  renewed(): void
  use(yaml: string): void
  close(): Promise<void>
}

/** Timers that run twenty times as fast, so that a test need not wait for a limit of seconds. */
export const hurried: Timers = { start: (delayMs, fire) => systemTimers.start(delayMs / 20, fire) }

export interface TestTls {
  /** The gateway's own certificate. */
  readonly own?: () => SealedIdentity | undefined
  readonly tickets?: TicketRing
  readonly openSecret?: OpenSecret
  readonly minVersion?: TlsParts['minVersion']
}

export interface TestGatewayOptions {
  readonly road?: RoadOptions
  readonly proxyProtocol?: readonly Cidr[]
  readonly timers?: Timers
  readonly connections?: ConnectionLimits
  readonly minBodyRate?: number
  /** TLS is spoken too. */
  readonly tls?: TestTls
  /** Hears of troubles, which otherwise fail the test. */
  readonly onTrouble?: (error: Error) => void
  /** Hears why endpoints cannot be spoken to over TLS. */
  readonly onTlsTrouble?: (error: Error) => void
  readonly open?: OpenSecret
  readonly freshness?: Pick<Freshness, 'staleness'>
  /** Answers for the names of ExternalName Services. */
  readonly resolve?: (name: string) => Promise<Answer>
}

const noNames = () => Promise.reject(new Error('no name server in this test'))

/** A real gateway on a loopback port, over the table of a manifest. */
export async function startGateway(yaml: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  let table = tableOf(yaml)
  const gateway = await startListener(() => table, options)
  return {
    ...gateway,
    use: (next) => {
      table = tableOf(next)
      gateway.renewed()
    },
  }
}

/** A real gateway on a loopback port, over whatever table there is at the time. */
export async function startListener(
  table: () => Table | undefined,
  {
    road = { trustedProxies: [], networkPolicy: 'enforce' },
    proxyProtocol = [],
    timers = systemTimers,
    connections = { maxConnections: 0, maxConnectionsPerClient: 0 },
    minBodyRate = 0,
    resolve = noNames,
    tls,
    onTrouble = (error) => {
      throw error
    },
    onTlsTrouble,
    open,
    freshness,
  }: TestGatewayOptions = {},
): Promise<Omit<TestGateway, 'use'>> {
  const observer = new RecordingObserver()
  const { connector, identities } = testIdentities(onTlsTrouble, open)
  const pool = endpointPool({
    connectTimeoutMs: 500,
    clock: systemClock,
    timers: systemTimers,
    connectTls: connector.connect,
  })
  const state = new GatewayState(
    systemClock,
    new RateLimits({ clock: systemClock, random: systemRandom, sharing: 'alone' }),
  )
  const names = new ExternalNames({
    clock: systemClock,
    resolve,
    reach: { allowedCidrs: [], deniedCidrs: [], isNode: (address) => table()?.isNode(address) ?? false },
    onTrouble: () => {},
  })
  const { tokens, access } = testAccess()
  const present = roadState(names, freshness, { tokens, access, limits: state, identities })
  const clusters = [onlyCluster(table, state, present)]
  const listener = new Listener({
    clusters,
    names,
    tokens,
    access,
    identities,
    observer,
    pool,
    road,
    proxyProtocol,
    clock: systemClock,
    timers,
    random: systemRandom,
    connections,
    minBodyRate,
    onTrouble,
    tls: tls && {
      scopes: new Scopes(clusters, tls.own ?? (() => undefined), systemClock.now),
      tickets: tls.tickets ?? new TicketRing([ticketKey(randomBytes(48))]),
      openSecret: tls.openSecret ?? secretOpener([], []),
      minVersion: tls.minVersion ?? 'TLSv1.2',
    },
  })
  const port = await listener.listen({ host: '127.0.0.1', port: 0 })
  const securePort = tls === undefined ? 0 : await listener.listenSecurely({ host: '127.0.0.1', port: 0 })
  return {
    port,
    securePort,
    observer,
    state,
    listener,
    renewed: () => pool.retire(() => new Set(table()?.tlsIds() ?? [])),
    close: async () => {
      await listener.close(0)
      pool.close()
    },
  }
}

export interface ServiceYaml {
  readonly name?: string
  readonly annotations?: Readonly<Record<string, string>>
  /** Where endpoints are, as ports of 127.0.0.1 or host:port. */
  readonly endpoints: readonly (number | { address: string; port: number })[]
}

/** A Service with hand-made slices, one for each endpoint, so that ports may differ. */
export function serviceYaml({ name = 'web', annotations = {}, endpoints }: ServiceYaml): string {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations: { 'postern.dev/expose': 'true', ...annotations } },
    spec: { ports: [{ port: 80 }] },
  }
  const slices = endpoints.map((endpoint, index) => {
    const { address, port } =
      typeof endpoint === 'number' ? { address: '127.0.0.1', port: endpoint } : endpoint
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${index}`,
        namespace: 'shop',
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: '', port }],
    }
  })
  return [service, ...slices].map((object) => JSON.stringify(object)).join('\n---\n')
}
