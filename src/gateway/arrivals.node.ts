import type { Socket } from 'node:net'
import { identifyPeer, type Peer, proxiedPeer } from '../identity/identify.ts'
import { type Cidr, parseIp } from '../model/address.ts'
import { isInCidrs } from '../model/address-set.ts'
import type { Deadlines } from '../wire/deadlines.ts'
import { ProxyGreeting } from '../wire/proxy-greeting.node.ts'

export interface ArrivalParts {
  readonly trustedProxies: readonly Cidr[]
  /** Who begins each connection with a PROXY header. Nobody else's is believed: read as a request, it is none. */
  readonly proxyProtocol: readonly Cidr[]
  readonly deadlines: Deadlines
  readonly headMs: number
  /** What is spoken where they arrive. */
  readonly scheme: Peer['scheme']
  onPeer(socket: Socket, peer: Peer): void
  onTrouble(error: Error): void
}

const MAX_TOLD = 100

/** Connections between their accept and the moment it is known whose they are. */
export class Arrivals {
  readonly #parts: ArrivalParts
  readonly #greetings = new Set<ProxyGreeting>()
  /** Balancers whose last connection was refused: each is told of once, until it does better. */
  readonly #refused = new Set<string>()

  constructor(parts: ArrivalParts) {
    this.#parts = parts
  }

  add(socket: Socket): void {
    const { trustedProxies, proxyProtocol, deadlines, headMs, scheme, onPeer } = this.#parts
    const address = socket.remoteAddress ?? ''
    if (!isAmong(address, proxyProtocol)) {
      onPeer(socket, identifyPeer(address, trustedProxies, scheme))
      return
    }
    const greeting = new ProxyGreeting(socket, {
      deadlines,
      headMs,
      onSource: (source) => {
        this.#greetings.delete(greeting)
        this.#refused.delete(address)
        onPeer(socket, proxiedPeer(source, address, trustedProxies, scheme))
        socket.resume()
      },
      onRefused: (reason) => {
        this.#greetings.delete(greeting)
        if (reason !== undefined) this.#tell(address, reason)
      },
    })
    this.#greetings.add(greeting)
  }

  #tell(address: string, reason: string): void {
    if (this.#refused.has(address) || this.#refused.size >= MAX_TOLD) return
    this.#refused.add(address)
    this.#parts.onTrouble(
      new Error(`Cannot take connections of ${address}, which is in --proxy-protocol: ${reason}`),
    )
  }

  /** Ends all that have not been told apart yet. */
  cut(): void {
    for (const greeting of this.#greetings) greeting.cut()
  }
}

function isAmong(address: string, cidrs: readonly Cidr[]): boolean {
  const parsed = cidrs.length === 0 ? undefined : parseIp(address)
  return parsed !== undefined && isInCidrs(parsed, cidrs)
}
