import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { type ArrivalParts, Arrivals } from './arrivals.node.ts'

/** Where clients are listened for: an address, or a socket bound to one that this process was given. */
export type ListenAt = { readonly host: string; readonly port: number } | { readonly fd: number }

const BACKLOG = 4096

/** One port, and what comes in by it until it is known whose it is. */
export class Entrance {
  readonly #arrivals: Arrivals
  readonly #server: Server

  constructor(parts: ArrivalParts) {
    this.#arrivals = new Arrivals(parts)
    // A client that has sent its last byte still reads its refusal.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#arrivals.add(socket),
    )
  }

  /** @returns the port, for when 0 was asked for. */
  async listen(at: ListenAt): Promise<number> {
    const server = this.#server
    if ('fd' in at) server.listen(at, BACKLOG)
    else server.listen({ ...at, backlog: BACKLOG })
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('Cannot listen: not on TCP')
    return address.port
  }

  /** Ends all that have not been told apart yet. */
  cut(): void {
    this.#arrivals.cut()
  }

  /** Accepts nothing more. Resolves once all that came in by it is gone. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
