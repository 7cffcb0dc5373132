import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a local server on which what clients send can be held up: packets that were under way for long. */
export interface HeldWay {
  readonly port: number
  /** What clients send from now on waits here. */
  hold(): void
  /** What waits here. */
  held(): string
  /** Lets it arrive. */
  release(): void
  /** What the server has sent since. */
  answered(): string
  stop(): void
}

export async function startHeldWay(upstreamPort: number): Promise<HeldWay> {
  const sockets = new Set<Socket>()
  let isHeld = false
  let waiting: { readonly to: Socket; readonly chunk: Buffer }[] = []
  let answers = ''
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    }
    client.on('data', (chunk) => {
      if (isHeld) waiting.push({ to: upstream, chunk })
      else upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      answers += chunk.toString('latin1')
      client.write(chunk)
    })
    client.once('close', () => upstream.end())
    upstream.once('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    hold: () => {
      isHeld = true
    },
    held: () => waiting.map(({ chunk }) => chunk.toString('latin1')).join(''),
    release: () => {
      isHeld = false
      answers = ''
      for (const { to, chunk } of waiting) to.write(chunk)
      waiting = []
    },
    answered: () => answers,
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
