import type { Duplex } from 'node:stream'
import type { Dialled } from '../wire/client-dial.node.ts'
import type { Deadlines } from '../wire/deadlines.ts'
import { Linger } from '../wire/linger.node.ts'
import { writeCopy } from '../wire/scratch.node.ts'

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
  readonly #client: Duplex
  readonly #endpoint: Duplex
  readonly #listener: TunnelListener
  /** To the client. */
  bytesSent = 0

  /** @param endpoint paused, as is the client */
  constructor(
    client: Duplex,
    { socket: endpoint, reads }: Dialled,
    deadlines: Deadlines,
    listener: TunnelListener,
  ) {
    this.#client = client
    this.#endpoint = endpoint
    this.#listener = listener
    // What came with the 101 is in the stream, and what comes now in the buffer that all endpoints share.
    reads.listen(endpoint, this.#onLent)
    endpoint.on('data', this.#onEndpointData).once('end', () => client.end())
    endpoint.on('drain', () => client.resume())
    client.on('data', this.#onClientData).once('end', () => endpoint.end())
    client.on('drain', () => endpoint.resume())
    // Whatever it is, 'close' follows.
    endpoint.on('error', () => {})
    endpoint.once('close', () => {
      client.off('data', this.#onClientData)
      if (!client.destroyed) new Linger(client, deadlines, LINGER_MS)
    })
    client.once('close', () => {
      endpoint.destroy()
      listener.onTunnelClose()
    })
    client.resume()
    endpoint.resume()
  }

  readonly #onLent = (bytes: Uint8Array): void => {
    writeCopy(this.#client, '', bytes, '')
    this.#moved(bytes)
  }

  readonly #onEndpointData = (bytes: Uint8Array): void => {
    this.#client.write(bytes)
    this.#moved(bytes)
  }

  #moved(bytes: Uint8Array): void {
    this.bytesSent += bytes.length
    this.#listener.onProgress()
    if (this.#client.writableNeedDrain) this.#endpoint.pause()
  }

  readonly #onClientData = (bytes: Uint8Array): void => {
    this.#listener.onProgress()
    if (!this.#endpoint.write(bytes)) this.#client.pause()
  }
}
