// Attacks a gateway until it is ended, and says so once all of its connections are there. Connections that are ended
// come back. Arguments: the attack's name, the port.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostName, largePath, uploadPath } from '../workload.ts'

interface Attack {
  readonly connections: number
  /** Each has its answer before the next ones come. */
  readonly isAnswered?: true
  begin(socket: Socket, host: string): void
  /** What each connection sends each second. */
  readonly drip?: string
}

const CHUNK = Buffer.alloc(65_536, 'x')
const BATCH = 50
const AGAIN_MS = 100

const attacks = new Map<string, Attack>([
  [
    'slow-heads',
    {
      connections: 1_000,
      begin: (socket, host) => socket.resume().write(`GET / HTTP/1.1\r\nHost: ${host}\r\n`),
      drip: 'X-Slow: 1\r\n',
    },
  ],
  [
    'slow-bodies',
    {
      connections: 1_000,
      begin: (socket, host) => socket.resume().write(upload(host, 'Content-Length: 1000000')),
      drip: 'x',
    },
  ],
  ['slow-pod', { connections: 20, begin: uploadForEver }],
  [
    'idle',
    {
      connections: 10_000,
      isAnswered: true,
      begin: (socket, host) => socket.resume().write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
    },
  ],
  [
    'unread',
    {
      connections: 500,
      begin: (socket, host) => socket.pause().write(`GET ${largePath} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
    },
  ],
])

const [name = '', port = ''] = process.argv.slice(2)
const attack = attacks.get(name)
if (attack === undefined) throw new Error(`No such attack: ${JSON.stringify(name)}`)
const { connections, isAnswered, begin, drip } = attack
const open = new Set<Socket>()

for (let at = 0; at < connections; at += BATCH) {
  const size = Math.min(BATCH, connections - at)
  await Promise.all(Array.from({ length: size }, (_, of) => join(at + of)))
}
process.stdout.write('ready\n')
for (;;) {
  await sleep(1000)
  if (drip !== undefined) for (const socket of open) if (socket.writable) socket.write(drip)
}

/** From four addresses, that no bound of one client's ends the attack. */
async function join(at: number): Promise<void> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress: `127.0.0.${2 + (at % 4)}` })
  socket.on('error', () => {})
  socket.once('close', () => {
    open.delete(socket)
    setTimeout(() => void join(at), AGAIN_MS)
  })
  const isThere = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false)
  if (!isThere) return
  open.add(socket)
  const answered = isAnswered && once(socket, 'data').catch(() => {})
  begin(socket, hostName(at))
  await answered
}

function upload(host: string, framing: string): string {
  return `POST ${uploadPath} HTTP/1.1\r\nHost: ${host}\r\n${framing}\r\n\r\n`
}

function uploadForEver(socket: Socket, host: string): void {
  socket.resume().write(upload(host, `Content-Length: ${2 ** 40}`))
  const more = (): void => {
    while (socket.writable && socket.write(CHUNK));
  }
  socket.on('drain', more)
  more()
}
