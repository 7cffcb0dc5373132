import { lookup } from 'node:dns/promises'
// By the module, and not by its name: a runtime that has none is told so only when it is asked for several workers.
import net, { type BoundSocket, isIP } from 'node:net'

/**
 * An address that several sockets are bound to, and this process holds: the kernel spreads new connections over those
 * of them that are listened on.
 */
export class SharedAddress {
  readonly #host: string
  /** Never listened on: keeps the port, whatever becomes of the others. */
  readonly #holder: BoundSocket
  readonly port: number

  private constructor(host: string, port: number) {
    this.#host = host
    this.#holder = bindShared(host, port)
    const bound = this.#holder.address()
    this.port = typeof bound === 'string' ? port : bound.port
  }

  /** @throws Error when it is taken, or cannot be shared on this system */
  static async open(host: string, port: number): Promise<SharedAddress> {
    try {
      const { address } = isIP(host) === 0 ? await lookup(host) : { address: host }
      // Two gateways that were given one address by mistake would share it, and nobody would know.
      if (port !== 0) new net.BoundSocket({ host: address, port }).close()
      return new SharedAddress(address, port)
    } catch (cause) {
      throw new Error(`Cannot share ${host}:${port} among workers: ${reasonOf(cause)}`, { cause })
    }
  }

  bind(): BoundSocket {
    return bindShared(this.#host, this.port)
  }

  close(): void {
    this.#holder.close()
  }
}

function bindShared(host: string, port: number): BoundSocket {
  return new net.BoundSocket({ host, port, reusePort: true })
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return 'address already in use'
  if (code === 'ENOTSUP')
    return `this system (${process.platform}) does not spread connections over sockets of one port: --workers 1 works here`
  return error instanceof Error ? error.message : String(error)
}
