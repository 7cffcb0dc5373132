import { connect as connectSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Timer, Timers } from '../model/clock.ts'
import type { Carrier, ClientExchange, ClientFailureCode } from './client-exchange.node.ts'
import type { EndpointAddress } from './client-pool.node.ts'
import type { ConnectTls } from './client-tls.node.ts'
import { LentReads } from './lent-reads.node.ts'
import { handshakeFailure } from './tls-failure.node.ts'

/**
 * Opens a connection, and says when it stands. What fails until then tells by `error` and `close`. What is read may go to
 * `reads` (the option `onread` of sockets) instead of `data`.
 */
export type Connect = (address: string, port: number, onReady: () => void, reads: LentReads) => Duplex

export const connectTcp: Connect = (address, port, onReady, reads) =>
  connectSocket({ host: address, port, noDelay: true, onread: reads }, onReady)

/** A connection that stands. */
export interface Dialled {
  readonly socket: Duplex
  readonly reads: LentReads
}

export interface DialOptions {
  readonly connect: Connect
  /** To endpoints that have an identity to prove: a handshake is part of the connect. */
  readonly connectTls: ConnectTls
  readonly connectTimeoutMs: number
  readonly timers: Timers
}

/** One exchange's connection until it stands. */
export class Dial implements Carrier {
  readonly #socket: Duplex
  readonly #reads = new LentReads()
  readonly #timer: Timer
  readonly #exchange: ClientExchange
  readonly #onOver: (dialled: Dialled | undefined) => void
  #error: unknown
  #isTooLate = false

  /** @param onOver called once, with the connection if there is one, before the exchange is told that there is none */
  constructor(
    place: EndpointAddress,
    exchange: ClientExchange,
    options: DialOptions,
    onOver: (dialled: Dialled | undefined) => void,
  ) {
    this.#exchange = exchange
    this.#onOver = onOver
    exchange.carrier = this
    this.#socket = open(place, options, () => this.#stand(), this.#reads)
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
    this.#onOver({ socket: this.#socket, reads: this.#reads })
  }

  readonly #onError = (error: Error): void => {
    this.#error = error
  }

  readonly #onClose = (): void => {
    this.#timer.cancel()
    this.#onOver(undefined)
    const code = this.#isTooLate ? 'connect-timeout' : connectFailure(this.#socket, this.#error)
    this.#exchange.fail({ code, wasSent: false, wasReused: false, cause: this.#error })
  }
}

function open(
  { address, port, tls }: EndpointAddress,
  { connect, connectTls }: DialOptions,
  onReady: () => void,
  reads: LentReads,
): Duplex {
  return tls === undefined ? connect(address, port, onReady, reads) : connectTls(address, port, tls, onReady)
}

/** The names of TLS and of the kernel for what went wrong, as ours. */
function connectFailure(socket: Duplex, error: unknown): ClientFailureCode {
  const failure = handshakeFailure(socket, error)
  if (failure !== undefined) return failure
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ETIMEDOUT') return 'connect-timeout'
  if (code === 'ECONNREFUSED') return 'connect-refused'
  return code === 'ECONNRESET' ? 'connection-lost' : 'endpoint-unreachable'
}
