// Sends every WebSocket message back, and takes uploads slowly. Argument: the port.
import { createServer, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'

const PAUSE_MS = 20

const server = createServer(async (request, response) => {
  await take(request).catch(() => {})
  response.end()
})
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('error', () => socket.terminate())
  socket.on('message', (message) => socket.send(message))
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('ready\n'))

async function take(request: IncomingMessage): Promise<void> {
  for await (const _chunk of request) await sleep(PAUSE_MS)
}
