import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void

export interface RogueServer {
  readonly url: string
  /** What it does with every request from now on. */
  answer: Answer
  close(): Promise<void>
}

/** A real HTTP server that answers as a test says, right or wrong. */
export async function startRogue(first: Answer): Promise<RogueServer> {
  const rogue = { answer: first }
  const server = createServer((incoming, outgoing) => rogue.answer(incoming, outgoing))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return Object.assign(rogue, {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  })
}

/** Passes everything on to an honest server. */
export function passTo(port: number): Answer {
  return ({ method, url, headers }, outgoing) => {
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      outgoing.flushHeaders()
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    onward.end()
  }
}
