import { type Duplex, duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { DateField } from '../../src/gateway/date-field.node.ts'
import { Exchange } from '../../src/gateway/exchange.node.ts'
import { externalByName } from '../../src/gateway/external-by-name.ts'
import { plan } from '../../src/gateway/plan.ts'
import { ReceivedHead } from '../../src/gateway/received-head.ts'
import { errorReply } from '../../src/gateway/reply.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { identifyPeer } from '../../src/identity/identify.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import type { Timers } from '../../src/model/clock.ts'
import type { RequestStart } from '../../src/telemetry/observer.ts'
import { wireBounds } from '../../src/wire/bounds.ts'
import { Deadlines } from '../../src/wire/deadlines.ts'
import { ServerConnection } from '../../src/wire/server-connection.node.ts'
import type { ServerExchange } from '../../src/wire/server-exchange.node.ts'
import type { RequestFailure } from '../../src/wire/server-handler.ts'
import { RecordingObserver, serviceYaml, tableOf } from './gateway.ts'
import { poolOf } from './wire-client.ts'

/** Nothing takes too long where all happens in one process. */
const never: Timers = { start: () => ({ restart: () => {}, cancel: () => {} }) }
const table = tableOf(serviceYaml({ endpoints: [1] }))
const peer = identifyPeer('203.0.113.9', [], 'http')
const road = { trustedProxies: [], networkPolicy: 'enforce' } as const
const clock = systemClock
/** Turns of the event loop without a byte, after which no more will come. */
const QUIET_TURNS = 4

/** The gateway between one client and one endpoint, without a socket: the road of a request as the listener walks it. */
export class MemoryGateway {
  /** The client's side of its connection. */
  readonly client: Duplex
  readonly #pool
  readonly #ends: Duplex[] = []
  #moved = 0

  /** @param onEndpoint is given the endpoint's side of each connection to it */
  constructor(onEndpoint: (socket: Duplex) => void) {
    this.#pool = poolOf({
      timers: never,
      connect: (_address, _port, onReady) => {
        const [ours, theirs] = this.#pair()
        onEndpoint(theirs)
        this.#watch(theirs)
        process.nextTick(() => {
          onReady()
          this.#watch(ours)
        })
        return ours
      },
    })
    const [ours, theirs] = this.#pair()
    this.client = theirs
    new ServerConnection(ours, {
      bounds: wireBounds,
      timeouts: { headMs: 0, idleMs: 0, stallMs: 0, lingerMs: 0 },
      minBodyRate: { bytesPerSecond: 0, graceMs: 0 },
      deadlines: new Deadlines(never, 1),
      endIsLeaving: true,
      onRequest: this.#onRequest(),
      refuse,
      onClose: () => {},
    })
    this.#watch(ours)
  }

  /** Resolves once nothing moves any more. */
  async quiet(): Promise<void> {
    for (let quiet = 0, before = this.#moved; quiet < QUIET_TURNS; quiet++) {
      await turn()
      if (before !== this.#moved) quiet = 0
      before = this.#moved
    }
  }

  close(): void {
    for (const end of this.#ends) end.destroy()
    this.#pool.close()
  }

  #onRequest(): (down: ServerExchange) => void {
    const state = new GatewayState(clock)
    const observer = new RecordingObserver()
    const deadlines = new Deadlines(never, 1)
    const parts = { pool: this.#pool, random: () => 0, date: new DateField(clock), deadlines }
    return (down) => {
      const head = new ReceivedHead(down.head)
      const decided = plan(head, peer, table, road, { ...externalByName, staleness: () => undefined })
      const exchange = new Exchange(parts, down, peer, observer.request(startOf(head)))
      if (decided.type === 'forward') exchange.forward(decided, state)
      else exchange.fail(decided.type === 'reply' ? decided.error : 'internal')
    }
  }

  #pair(): [Duplex, Duplex] {
    const [ours, theirs] = duplexPair()
    for (const end of [ours, theirs]) this.#ends.push(end.on('error', () => {}))
    return [ours, theirs]
  }

  /** Once its owner listens: a listener makes it flow. */
  #watch(end: Duplex): void {
    end.on('data', () => this.#moved++).on('end', () => this.#moved++)
  }
}

function refuse(failure: RequestFailure) {
  const { status, headers, body } = errorReply(failure, '')
  return { status, reason: 'Refused', fields: headers, body: Buffer.from(body) }
}

function startOf({ method }: ReceivedHead): RequestStart {
  return {
    ...{ method, host: '', path: '', scheme: 'http' as const, httpVersion: '1.1', isTrusted: false },
    ...{ clientAddress: peer.address, peerAddress: peer.address },
    ...{ userAgent: undefined, traceparent: undefined, tracestate: undefined, requestId: undefined },
  }
}
