import { connect as connectSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Timer, Timers } from '../model/clock.ts'
import type { Carrier, ClientExchange, ClientFailureCode } from './client-exchange.node.ts'

/** Opens a connection, and says when it stands. What fails until then tells by `error` and `close`. */
export type Connect = (address: string, port: number, onReady: () => void) => Duplex

export const connectTcp: Connect = (address, port, onReady) =>
  connectSocket({ host: address, port, noDelay: true }, onReady)

export interface DialOptions {
  readonly connect: Connect
  readonly connectTimeoutMs: number
  readonly timers: Timers
}

/** One exchange's connection until it stands. */
export class Dial implements Carrier {
  readonly #socket: Duplex
  readonly #timer: Timer
  readonly #exchange: ClientExchange
  readonly #onOver: (socket: Duplex | undefined) => void
  #error: unknown
  #isTooLate = false

  /** @param onOver called once, with the connection if there is one, before the exchange is told that there is none */
  constructor(
    address: string,
    port: number,
    exchange: ClientExchange,
    options: DialOptions,
    onOver: (socket: Duplex | undefined) => void,
  ) {
    this.#exchange = exchange
    this.#onOver = onOver
    exchange.carrier = this
    this.#socket = options.connect(address, port, () => this.#stand())
    this.#socket.on('error', this.#onError).once('close', this.#onClose)
    this.#timer = options.timers.start(options.connectTimeoutMs, () => {
      this.#isTooLate = true
      this.#socket.destroy()
    })
  }

  /** There is nothing to write to, or to read from, yet. */
  write(): boolean {
    return false
  }

  end(): void {}

  resume(): void {}

  abort(): void {
    this.#socket.destroy()
  }

  #stand(): void {
    this.#timer.cancel()
    this.#socket.off('error', this.#onError).off('close', this.#onClose)
    this.#onOver(this.#socket)
  }

  readonly #onError = (error: Error): void => {
    this.#error = error
  }

  readonly #onClose = (): void => {
    this.#timer.cancel()
    this.#onOver(undefined)
    const code = this.#isTooLate ? 'connect-timeout' : connectFailure(this.#error)
    this.#exchange.fail({ code, wasSent: false, wasReused: false, cause: this.#error })
  }
}

/** The kernel's names for what went wrong, as ours. */
function connectFailure(error: unknown): ClientFailureCode {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ETIMEDOUT') return 'connect-timeout'
  if (code === 'ECONNREFUSED') return 'connect-refused'
  return code === 'ECONNRESET' ? 'connection-lost' : 'endpoint-unreachable'
}
