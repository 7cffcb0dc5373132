import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { nextTick } from 'node:process'
import { type Alert, alertRecord } from '../../tls/alert.ts'
import { type ClientHello, readClientHello } from '../../tls/client-hello.ts'
import { type Deadlines, NEVER, UNWATCHED, type Watched } from '../../wire/deadlines.ts'
import { Linger } from '../../wire/linger.node.ts'
import { LINGER_MS } from '../tunnel.node.ts'
import type { HandshakeFailure } from './handshake-counts.ts'

export interface HandshakeParts {
  readonly deadlines: Deadlines
  /** From the connection to the end of the handshake, whatever comes in between. */
  readonly limitMs: number
  /** The hello is read: the socket is paused, and stands at its beginning again. */
  onHello(handshake: Handshake, hello: ClientHello): void
  /** The last call, unless it is taken over. */
  onGone(handshake: Handshake, why: HandshakeFailure): void
}

/** What speaks HTTP where TLS is spoken is a person's mistake, and gets an answer a person can read. */
const NOT_TLS =
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 38\r\n\r\npostern: this port speaks https only.\n'
const METHOD = /^[A-Z]{3,7} /

/** A connection until its handshake is made. */
export class Handshake implements Watched {
  readonly socket: Socket
  readonly #parts: HandshakeParts
  #held: Buffer = Buffer.alloc(0)
  #isReading = true
  #why: HandshakeFailure = 'closed'
  deadline = NEVER
  watchPlace = UNWATCHED

  constructor(socket: Socket, parts: HandshakeParts) {
    this.socket = socket
    this.#parts = parts
    this.deadline = parts.deadlines.after(parts.limitMs)
    parts.deadlines.add(this)
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', ignore).once('close', this.#onClose)
    socket.resume()
  }

  onDeadline(): void {
    this.fail('timeout')
  }

  /** What it will have failed of, should the socket close. */
  blame(why: HandshakeFailure): void {
    this.#why = why
  }

  /** Ends it. @param alert only before anybody has answered the hello */
  fail(why: HandshakeFailure, alert?: Alert): void {
    this.#why = why
    if (alert === undefined) this.socket.destroy()
    else this.#sayLast(Buffer.from(alertRecord(alert)))
  }

  /** It is made: nothing is watched here any more. */
  release(): void {
    this.#parts.deadlines.delete(this)
    this.#stopReading()
    this.socket.off('close', this.#onClose)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const read = readClientHello(this.#held)
    if (read.type === 'more') return
    this.#stopReading()
    if (read.type === 'fault') this.#refuse(read.reason)
    else {
      this.socket.pause()
      this.socket.unshift(this.#held)
      this.#held = Buffer.alloc(0)
      this.#parts.onHello(this, read.hello)
    }
  }

  readonly #onEnd = (): void => this.fail('closed')

  readonly #onClose = (): void => {
    this.#parts.deadlines.delete(this)
    // What TLS has to say of it comes with the same event, and after this.
    nextTick(() => this.#parts.onGone(this, this.#why))
  }

  #refuse(reason: 'not-tls' | 'hello-invalid'): void {
    this.#why = reason
    if (reason === 'hello-invalid') this.fail(reason, 'decode-error')
    else if (METHOD.test(this.#held.toString('latin1', 0, 8))) this.#sayLast(Buffer.from(NOT_TLS))
    else this.socket.destroy()
  }

  #sayLast(bytes: Buffer): void {
    this.#parts.deadlines.delete(this)
    this.socket.write(bytes)
    new Linger(this.socket, this.#parts.deadlines, LINGER_MS)
  }

  #stopReading(): void {
    if (!this.#isReading) return
    this.#isReading = false
    this.socket.off('data', this.#onData).off('end', this.#onEnd)
  }
}

function ignore(): void {}
