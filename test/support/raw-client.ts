import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'

/** A client that writes what it is told, byte for byte, and keeps what comes back. */
export class RawClient {
  readonly socket: Socket
  /** Everything that has come, one character for one byte. */
  text = ''
  readonly closed: Promise<void>
  readonly #ended: Promise<void>
  #isOver = false
  #onMore = (): void => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.text += text
      this.#onMore()
    })
    // Not once(), which rejects when a reset comes first.
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.#isOver = true
        this.#onMore()
        resolve()
      }),
    )
    this.#ended = new Promise((resolve) => socket.once('end', resolve))
  }

  /** @param tls to speak it, trusting whom it says */
  static async connect(port: number, tls?: TlsOptions): Promise<RawClient> {
    const where = { port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }
    const socket = tls === undefined ? connect(where) : connectTls({ ...where, ...tls })
    const client = new RawClient(socket)
    await once(socket, tls === undefined ? 'connect' : 'secureConnect')
    return client
  }

  write(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Ends our side. */
  end(text = ''): void {
    this.socket.end(text, 'latin1')
  }

  /** @returns everything so far, once `part` is in it */
  async until(part: string): Promise<string> {
    while (!this.text.includes(part)) {
      if (this.#isOver) throw new Error(`The connection ended without ${JSON.stringify(part)}: ${this.text}`)
      await new Promise<void>((resolve) => {
        this.#onMore = resolve
      })
    }
    return this.text
  }

  /** @returns everything, once the other side has ended too */
  async ended(): Promise<string> {
    await Promise.race([this.#ended, this.closed])
    this.socket.end()
    await this.closed
    return this.text
  }

  leave(): void {
    this.socket.destroy()
  }
}
