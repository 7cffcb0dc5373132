import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { readTreeUsage } from '../cpu.ts'
import type { Subject } from '../peer.ts'
import { type BenchRow, roundTo } from '../report.ts'
import { backendBody, hostName } from '../workload.ts'

/** What a program needs once, for its first connections, is not counted. */
const FIRST = 1_000
const MEASURED = 4_000
const AT_ONCE = 100
const SETTLE_MS = 2_000

/** Memory of connections that have had one answer, and stay open. */
export async function measureIdle(title: string, subject: Subject, signal: AbortSignal): Promise<BenchRow> {
  const sockets: Socket[] = []
  try {
    const before = await residentWith(FIRST, subject, sockets, signal)
    const after = await residentWith(MEASURED, subject, sockets, signal)
    const kibPerThousand = (after - before) / 1024 / (MEASURED / 1000)
    return { case: title, subject: subject.name, kibPerThousand: roundTo(kibPerThousand, 0), rssBytes: after }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

/** Opens so many connections more. @returns the resident bytes once they are idle */
async function residentWith(
  count: number,
  { port, pid, hosts }: Subject,
  sockets: Socket[],
  signal: AbortSignal,
): Promise<number> {
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    signal.throwIfAborted()
    const batch = Array.from({ length: AT_ONCE }, (_, at) => openIdle(port, hostName((opened + at) % hosts)))
    sockets.push(...(await Promise.all(batch)))
  }
  await sleep(SETTLE_MS)
  const closed = sockets.filter((socket) => socket.destroyed || socket.readableEnded).length
  if (closed > 0)
    throw new Error(`Cannot measure idle connections: ${closed} of ${sockets.length} were closed`)
  return readTreeUsage(pid).rssBytes
}

async function openIdle(port: number, host: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setEncoding('latin1')
  await once(socket, 'connect')
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  let text = ''
  while (!text.endsWith(backendBody)) {
    const [part] = await once(socket, 'data')
    text += String(part)
  }
  return socket
}
