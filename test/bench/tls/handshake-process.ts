// Makes handshakes without pause, some at a time, and prints what that came to as JSON. Each connection is ended in order as
// soon as it is made. Arguments: port, TLS version, "full" or "resumed", connections, seconds.
import { once } from 'node:events'
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls'
import { quantile } from '../report.ts'
import { clientGroups, serverName, suites } from './settings.ts'

const [port = '', versionText, kind, ...rest] = process.argv.slice(2)
const [connections = 0, seconds = 0] = rest.map(Number)
const version = versionText === 'TLSv1.2' ? 'TLSv1.2' : 'TLSv1.3'
const isResumed = kind === 'resumed'
const ciphers = suites[version]
const secureContext = createSecureContext({
  minVersion: version,
  maxVersion: version,
  ciphers,
  ecdhCurve: clientGroups,
})
const options: ConnectionOptions = {
  ...{ host: '127.0.0.1', port: Number(port), servername: serverName },
  ...{ secureContext, ALPNProtocols: ['http/1.1'], rejectUnauthorized: false },
}
const micros: number[] = []
const session = isResumed ? await firstSession() : undefined
const startedAt = performance.now()
const endsAt = startedAt + seconds * 1000
await Promise.all(Array.from({ length: connections }, keepShaking))
const passedSeconds = (performance.now() - startedAt) / 1000
const result = {
  requests: micros.length,
  requestsPerSecond: micros.length / passedSeconds,
  p50Micros: quantile(micros, 0.5),
  p99Micros: quantile(micros, 0.99),
}
process.stdout.write(`${JSON.stringify(result)}\n`)

async function keepShaking(): Promise<void> {
  while (performance.now() < endsAt) {
    const from = performance.now()
    const socket = connect(session === undefined ? options : { ...options, session })
    await once(socket, 'secureConnect')
    micros.push((performance.now() - from) * 1000)
    if (socket.isSessionReused() !== isResumed) throw new Error(`A handshake that should be ${kind} is not`)
    await ended(socket)
  }
}

async function ended(socket: TLSSocket): Promise<void> {
  socket.on('error', () => {}) // a server may reset what is over
  const closed = once(socket, 'close')
  socket.resume().end()
  await closed
}

async function firstSession(): Promise<Buffer> {
  const socket = connect(options)
  const [session] = await once(socket, 'session')
  await ended(socket)
  if (!Buffer.isBuffer(session)) throw new Error('No session came')
  return session
}
