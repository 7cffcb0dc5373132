// Sends a message over each of many WebSockets when the one before it has come back, and prints what that came to as
// JSON. Arguments: port, path, number of hosts, connections, seconds, bytes of a message.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { quantile } from '../report.ts'
import { hostName } from '../workload.ts'

const [port = '', path = '', ...rest] = process.argv.slice(2)
const [hosts = 0, connections = 0, seconds = 0, bytes = 0] = rest.map(Number)
const message = 'x'.repeat(bytes)
const micros: number[] = []
let isOver = false

const sockets = await Promise.all(Array.from({ length: connections }, (_, at) => open(at)))
const startedAt = performance.now()
for (const socket of sockets) echo(socket)
await sleep(seconds * 1000)
isOver = true
const passedSeconds = (performance.now() - startedAt) / 1000
for (const socket of sockets) socket.terminate()
const result = {
  requests: micros.length,
  requestsPerSecond: micros.length / passedSeconds,
  p50Micros: quantile(micros, 0.5),
  p99Micros: quantile(micros, 0.99),
}
process.stdout.write(`${JSON.stringify(result)}\n`)

async function open(at: number): Promise<WebSocket> {
  const headers = { host: hostName(at % hosts) }
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}

function echo(socket: WebSocket): void {
  let sentAt = performance.now()
  socket.on('message', (data: Buffer) => {
    if (data.length !== bytes) throw new Error(`An echo of ${data.length} bytes, not ${bytes}`)
    if (isOver) return
    const now = performance.now()
    micros.push((now - sentAt) * 1000)
    sentAt = now
    socket.send(message)
  })
  socket.on('close', () => {
    if (!isOver) throw new Error('A WebSocket closed under load')
  })
  socket.send(message)
}
