import type { Duplex } from 'node:stream'
import type { Deadlines } from '../wire/deadlines.ts'
import { Linger } from '../wire/linger.node.ts'

/** How long a client may go on sending after its last byte. */
export const LINGER_MS = 5_000

/** What a tunnel tells. */
export interface TunnelListener {
  /** A byte moved, either way. */
  onProgress(): void
  /** The last call: the client's side is closed, and with it the endpoint's. */
  onTunnelClose(): void
}

/** Joins a client with an endpoint that has upgraded. Either side may leave first: that is how a WebSocket ends. */
export class Tunnel {
  /** To the client. */
  bytesSent = 0

  constructor(client: Duplex, endpoint: Duplex, deadlines: Deadlines, listener: TunnelListener) {
    // Whatever it is, 'close' follows.
    endpoint.on('error', () => {})
    endpoint.on('data', (chunk: Uint8Array) => {
      this.bytesSent += chunk.length
      listener.onProgress()
    })
    client.on('data', () => listener.onProgress())
    endpoint.pipe(client)
    client.pipe(endpoint)
    endpoint.once('close', () => {
      if (!client.destroyed) new Linger(client, deadlines, LINGER_MS)
    })
    client.once('close', () => {
      endpoint.destroy()
      listener.onTunnelClose()
    })
  }
}
