import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Connect, SocketDuplex } from '../../src/forward/socket.ts'

/** A TCP socket as the web streams that Cloudflare's `connect()` gives. */
export function asSocketDuplex(socket: Socket): SocketDuplex {
  const { readable, writable } = Duplex.toWeb(socket)
  return { readable: readable as SocketDuplex['readable'], writable, close: () => void socket.destroy() }
}

/** Connects over TCP, and keeps the sockets for tests to look at. */
export class TcpConnector {
  readonly sockets: Socket[] = []

  readonly connect: Connect = async (address, port) => {
    const socket = connect(port, address).on('error', () => {})
    this.sockets.push(socket)
    await once(socket, 'connect')
    return asSocketDuplex(socket)
  }
}
