import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { BodyPace } from './body-pace.ts'
import { type Deadlines, NEVER, UNWATCHED, type Watched } from './deadlines.ts'
import { READ_BYTES } from './lent-reads.node.ts'
import { Linger } from './linger.node.ts'
import { MessageWriter } from './message-writer.node.ts'
import type { ServerPatience, ServerTimeouts } from './server-parts.ts'

/** What a socket tells its connection. */
export interface SocketListener {
  onData(chunk: Buffer): void
  /** The client has ended its side. */
  onEnd(): void
  onDrain(): void
  /** What was allowed has taken too long. */
  onDeadline(): void
  /** The last call, once, whatever has become of the socket. */
  onClose(): void
}

/** A client's socket: listened to while it is open, and then handed over or closed gently. */
export class ServerSocket implements Watched {
  readonly stream: Duplex
  readonly writer: MessageWriter
  readonly #deadlines: Deadlines
  readonly #timeouts: ServerTimeouts
  readonly #pace: BodyPace
  readonly #listener: SocketListener
  /** The listener takes no more for now. */
  #isPaused = false
  /** It has moved as much as it may before others have their turn. */
  #isResting = false
  /** Neither handed over, nor on its way to its end. */
  isOpen = true
  deadline = NEVER
  watchPlace = UNWATCHED

  constructor(stream: Duplex, patience: ServerPatience, listener: SocketListener) {
    const { deadlines, timeouts, minBodyRate } = patience
    this.stream = stream
    this.writer = new MessageWriter(stream, 'lent')
    this.#deadlines = deadlines
    this.#timeouts = timeouts
    this.#pace = new BodyPace(deadlines, minBodyRate)
    this.#listener = listener
    stream.on('data', this.#onData).on('end', this.#onEnd).on('drain', this.#onDrain)
    // Whatever the error is, 'close' follows.
    stream.on('error', () => {}).once('close', this.#onClose)
    this.allow('idleMs')
    deadlines.add(this)
  }

  /** Gives what comes next that much time from now. */
  allow(time: keyof ServerTimeouts): void {
    this.deadline = this.#deadlines.after(this.#timeouts[time])
  }

  /** More of a body is waited for. @param isFirst nothing of it has been read */
  awaitBody(isFirst: boolean): void {
    if (isFirst) this.#pace.begin()
    else this.#pace.goOn()
    this.#allowBody()
  }

  /** So much of it has been read. @param isAwaited whether more is waited for */
  bodyCame(bytes: number, isAwaited: boolean): void {
    this.#pace.came(bytes)
    if (isAwaited) this.#allowBody()
    else {
      this.#pace.hold()
      this.allowEver()
    }
  }

  #allowBody(): void {
    this.deadline = Math.min(this.#deadlines.after(this.#timeouts.stallMs), this.#pace.deadline)
  }

  /** Gives it all the time there is. */
  allowEver(): void {
    this.deadline = NEVER
  }

  onDeadline(): void {
    this.#listener.onDeadline()
  }

  /** Calls back once everything written is with the kernel: at once when it is, never when the socket closes first. */
  flushed(then: () => void): void {
    if (this.stream.destroyed) return
    if (this.stream.writableLength === 0) then()
    else this.stream.write('', () => this.stream.destroyed || then())
  }

  pause(): void {
    this.#isPaused = true
    this.stream.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#isResting && this.stream.isPaused()) this.stream.resume()
  }

  cut(): void {
    this.stream.destroy()
  }

  /**
   * Closes it after a client that has said that nothing more comes, all of whose bytes have been read: there is nothing to
   * linger for, and what the kernel holds of the answer it sends before it ends. Of TLS an alert says that this was all.
   */
  leave(): void {
    if (this.stream instanceof Socket && !(this.stream instanceof TLSSocket)) this.stream.destroy()
    else this.linger()
  }

  linger(): void {
    if (!this.isOpen) return
    this.#letGo()
    new Linger(this.stream, this.#deadlines, this.#timeouts.lingerMs)
  }

  /** @returns the bare stream, paused, with `rest` in front again */
  release(rest: Buffer): Duplex {
    this.#letGo()
    this.stream.pause()
    if (rest.length > 0) this.stream.unshift(rest)
    return this.stream
  }

  readonly #onData = (chunk: Buffer): void => {
    if (chunk.length >= READ_BYTES) this.#rest()
    this.#listener.onData(chunk)
  }

  /** There is more: Node would read up to 32 times before it looks at another socket. */
  #rest(): void {
    this.#isResting = true
    this.stream.pause()
    setImmediate(this.#goOn)
  }

  readonly #goOn = (): void => {
    this.#isResting = false
    if (this.isOpen && !this.#isPaused) this.resume()
  }

  readonly #onEnd = (): void => this.#listener.onEnd()
  readonly #onDrain = (): void => this.#listener.onDrain()
  readonly #onClose = (): void => {
    this.#letGo()
    this.#listener.onClose()
  }

  /** From here only the end is heard of. */
  #letGo(): void {
    this.isOpen = false
    this.#deadlines.delete(this)
    this.stream.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
  }
}
