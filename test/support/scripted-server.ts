import type { Socket } from 'node:net'
import { startTcp } from './http.ts'

export interface ScriptedServer {
  readonly port: number
  /** Every connection so far. */
  readonly sockets: Socket[]
  /** Everything received, over all connections. */
  readonly received: () => string
  close(): Promise<void>
}

/** A server that says on each connection, for the n-th request's head it sees, what the script has for it. */
export async function startScripted(
  script: (request: string, socket: Socket, count: number) => unknown,
): Promise<ScriptedServer> {
  const sockets: Socket[] = []
  let received = ''
  const { port, close } = await startTcp((socket) => {
    sockets.push(socket)
    let text = ''
    let count = 0
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk
      text += chunk
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end)
        text = text.slice(end + 4)
        if (/^[A-Z]+ .* HTTP/.test(head)) script(head, socket, ++count)
      }
    })
  })
  return { port, sockets, received: () => received, close }
}
