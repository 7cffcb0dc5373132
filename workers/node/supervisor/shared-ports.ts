import type { BoundSocket } from 'node:net'
import type { Address } from '../../../src/cli/address-values.ts'
import { SharedAddress } from './shared-address.ts'

/** The sockets of one worker, one for each address. */
export class HeldSockets {
  readonly #sockets: readonly BoundSocket[]

  constructor(sockets: readonly BoundSocket[]) {
    this.#sockets = sockets
  }

  get fds(): number[] {
    return this.#sockets.map((socket) => socket.fd())
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
  }
}

/** The addresses that workers share. */
export class SharedPorts {
  readonly #addresses: readonly SharedAddress[]

  private constructor(addresses: readonly SharedAddress[]) {
    this.#addresses = addresses
  }

  /** @throws Error when one of them is taken, or cannot be shared on this system */
  static async open(addresses: readonly Address[]): Promise<SharedPorts> {
    const opened: SharedAddress[] = []
    try {
      for (const { host, port } of addresses) opened.push(await SharedAddress.open(host, port))
    } catch (error) {
      for (const address of opened) address.close()
      throw error
    }
    return new SharedPorts(opened)
  }

  bind(): HeldSockets {
    return new HeldSockets(this.#addresses.map((address) => address.bind()))
  }

  close(): void {
    for (const address of this.#addresses) address.close()
  }
}
