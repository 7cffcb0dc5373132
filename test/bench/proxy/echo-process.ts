// Sends every WebSocket message back. Argument: the port.
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  perMessageDeflate: false,
})
server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate())
  socket.on('message', (message) => socket.send(message))
})
server.on('listening', () => process.stdout.write('ready\n'))
