// Makes a handshake for one name after the other, then all of them again, and prints how long they took as JSON.
// Arguments: port, number of names, step between those that are asked for.
import { once } from 'node:events'
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls'
import { quantile } from '../report.ts'
import { hostName } from '../workload.ts'
import { clientGroups, suites } from './settings.ts'

const [port = 0, count = 0, step = 1] = process.argv.slice(2).map(Number)
const version = 'TLSv1.3'
const secureContext = createSecureContext({
  minVersion: version,
  ciphers: suites[version],
  ecdhCurve: clientGroups,
})
const options: ConnectionOptions = {
  ...{ host: '127.0.0.1', port, secureContext, rejectUnauthorized: false },
}
await shake(hostName(0)) // what a program does once only
const first = await askAll()
process.stdout.write(`${JSON.stringify({ first, again: await askAll() })}\n`)

async function askAll(): Promise<{ p50Micros: number; p99Micros: number }> {
  const micros: number[] = []
  for (let at = 1; at < count; at += step) micros.push(await shake(hostName(at)))
  return { p50Micros: quantile(micros, 0.5), p99Micros: quantile(micros, 0.99) }
}

/** @returns how long it took, in microseconds */
async function shake(servername: string): Promise<number> {
  const from = performance.now()
  const socket = connect({ ...options, servername })
  await once(socket, 'secureConnect')
  const passedMs = performance.now() - from
  const shown = socket.getPeerCertificate().subjectaltname
  if (shown !== `DNS:${servername}`) throw new Error(`Of ${servername} the certificate of ${shown} was shown`)
  socket.on('error', () => {}) // a server may reset what is over
  const closed = once(socket, 'close')
  socket.resume().end()
  await closed
  return passedMs * 1000
}
