import { once } from 'node:events'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'

export interface TlsServer {
  readonly port: number
  /** What lies between a client and the server: both ends of each connection. */
  readonly wires: readonly Socket[]
  close(): void
}

/** A TLS server behind a wire that can be looked at, and cut. */
export async function startTlsServer(
  options: TlsOptions,
  onSocket: (socket: TLSSocket) => void,
): Promise<TlsServer> {
  const secure = createServer(options, (socket) => onSocket(socket.on('error', () => {})))
  const behind = await listen(secure)
  const wires: Socket[] = []
  const front = createTcpServer((socket) => {
    const back = connect(behind, '127.0.0.1')
    socket.pipe(back).pipe(socket)
    wires.push(
      socket.on('error', () => {}),
      back.on('error', () => {}),
    )
  })
  return {
    port: await listen(front),
    wires,
    close: () => {
      for (const socket of wires) socket.destroy()
      for (const server of [front, secure]) server.close()
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
