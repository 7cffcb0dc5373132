import type { Peer } from '../identity/identify.ts'
import { parseIp } from '../model/address.ts'
import type { Clock } from '../model/clock.ts'

/** How many connections of clients may be open at once; 0: without end. */
export interface ConnectionLimits {
  readonly maxConnections: number
  /** Of one IPv4 address, or one IPv6 /64, for whoever has one address of that has them all. */
  readonly maxConnectionsPerClient: number
}

/** Connections that are open, and that were refused, by the bound that they met. */
export interface ConnectionCounts {
  readonly open: number
  readonly refused: Readonly<Record<Bound, number>>
}

type Bound = 'total' | 'client'

const FLAGS = { total: '--max-connections', client: '--max-connections-per-client' } as const
/** An attack must not fill the log. */
const SAY_EVERY_MS = 60_000

/** Counts the connections of clients, and says when there is no room for another. */
export class ConnectionBounds {
  readonly #limits: Readonly<Record<Bound, number>>
  readonly #clock: Clock
  readonly #onTrouble: (error: Error) => void
  readonly #ofClient = new Map<string, number>()
  readonly #saidAt: Partial<Record<Bound, number>> = {}
  readonly #refused = { total: 0, client: 0 }
  #open = 0

  constructor(limits: ConnectionLimits, clock: Clock, onTrouble: (error: Error) => void) {
    this.#limits = { total: limits.maxConnections, client: limits.maxConnectionsPerClient }
    this.#clock = clock
    this.#onTrouble = onTrouble
  }

  get counts(): ConnectionCounts {
    return { open: this.#open, refused: { ...this.#refused } }
  }

  /** Takes a place for a connection: {@link give} it back. @returns false when there is none */
  take(peer: Peer): boolean {
    const client = clientOf(peer)
    const ofClient = this.#ofClient.get(client) ?? 0
    if (isFull(this.#limits.total, this.#open)) return this.#refuse('total', peer)
    // A trusted proxy brings many clients.
    if (!peer.isTrusted && isFull(this.#limits.client, ofClient)) return this.#refuse('client', peer)
    this.#ofClient.set(client, ofClient + 1)
    this.#open++
    return true
  }

  give(peer: Peer): void {
    const client = clientOf(peer)
    const left = (this.#ofClient.get(client) ?? 1) - 1
    if (left > 0) this.#ofClient.set(client, left)
    else this.#ofClient.delete(client)
    this.#open--
  }

  #refuse(bound: Bound, peer: Peer): false {
    this.#refused[bound]++
    const now = this.#clock.elapsed()
    const saidAt = this.#saidAt[bound]
    if (saidAt === undefined || now - saidAt >= SAY_EVERY_MS) {
      this.#saidAt[bound] = now
      const whose = bound === 'client' ? `${peer.address} has` : 'clients have'
      this.#onTrouble(
        new Error(
          `Cannot take a connection from ${peer.address}: ${whose} ${this.#limits[bound]} open, as many as ${FLAGS[bound]} allows`,
        ),
      )
    }
    return false
  }
}

function isFull(limit: number, open: number): boolean {
  return limit !== 0 && open >= limit
}

function clientOf({ address }: Peer): string {
  if (!address.includes(':')) return address
  return parseIp(address)?.toByteArray().slice(0, 8).join('.') ?? address
}
