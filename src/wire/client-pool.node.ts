import type { Clock } from '../model/clock.ts'
import type { WireBounds } from './bounds.ts'
import type { DialOptions } from './client-dial.node.ts'
import { ClientExchange, type ClientRequest, type ResponseHandler } from './client-exchange.node.ts'
import type { Deadlines } from './deadlines.ts'
import { EndpointConnections } from './endpoint-connections.node.ts'
import { formatRequestHead } from './request-head.ts'
import type { TlsIdentity } from './tls-identity.ts'
import { WireError } from './wire-error.ts'

/** Where an endpoint is; `key` names it, with the identity that it must prove. */
export interface EndpointAddress {
  readonly key: string
  readonly address: string
  readonly port: number
  /** Absent: in the clear. */
  readonly tls?: TlsIdentity
}

export interface PoolOptions extends DialOptions {
  readonly bounds: WireBounds
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** How many connections to one endpoint there may be, in use or idle. */
  readonly maxConnections: number
  readonly maxIdle: number
  /** How many exchanges may wait for a connection to one endpoint, each for as long as a connect may take. */
  readonly maxWaiting: number
  /** How long idle connections are kept, unless the server keeps them for less. */
  readonly idleMs: number
  /** How long a connection may have idled before requests that cannot be sent again avoid it. */
  readonly freshMs: number
}

/** Connections to endpoints, kept for further requests. */
export class ClientPool {
  readonly #options: PoolOptions
  readonly #endpoints = new Map<string, EndpointConnections>()
  /** Those that finish what is under way, and take nothing new. */
  readonly #retired = new Set<EndpointConnections>()

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Sends a request over a connection of its own for as long as it lasts. Never throws. */
  send(place: EndpointAddress, request: ClientRequest, handler: ResponseHandler): ClientExchange {
    let text = ''
    let fault: WireError | undefined
    try {
      text = formatRequestHead({ ...request, keepsAlive: true })
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      fault = error
    }
    const exchange = new ClientExchange(request, text, handler)
    if (fault === undefined) this.#connectionsTo(place).carry(exchange)
    else {
      const failure = { code: 'request-invalid', wasSent: false, wasReused: false, cause: fault } as const
      process.nextTick(() => exchange.fail(failure))
    }
    return exchange
  }

  /**
   * Keeps no connection of an identity that is not in force any more: idle ones are closed, and others once they have
   * done their work.
   *
   * @param inForce asked only where there is a connection over TLS
   */
  retire(inForce: () => ReadonlySet<string>): void {
    let ids: ReadonlySet<string> | undefined
    for (const [key, connections] of this.#endpoints) {
      const { tlsId } = connections
      if (tlsId === undefined) continue
      ids ??= inForce()
      if (ids.has(tlsId)) continue
      this.#endpoints.delete(key)
      this.#retired.add(connections)
      connections.retire()
    }
  }

  /** Cuts every connection. */
  close(): void {
    for (const connections of [...this.#endpoints.values(), ...this.#retired]) connections.close()
  }

  #connectionsTo(place: EndpointAddress): EndpointConnections {
    const known = this.#endpoints.get(place.key)
    if (known !== undefined) return known
    // Pods come and go: one without connections is forgotten.
    const connections: EndpointConnections = new EndpointConnections(place, this.#options, () => {
      if (!this.#retired.delete(connections)) this.#endpoints.delete(place.key)
    })
    this.#endpoints.set(place.key, connections)
    return connections
  }
}
