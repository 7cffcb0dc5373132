import type { Timer, Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { PipeEnds } from './platform.ts'

export interface BodyPumpOptions {
  readonly timers: Timers
  /** How long nothing may move. 0: without end. */
  readonly idleTimeoutMs: number
}

/** Moves an endpoint's body to the client, counting, with backpressure, until its end or until nothing moves. */
export class BodyPump {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #idle: Timer | undefined
  #error: ErrorCode | undefined
  /** The client does not keep up: a stall is its own. */
  #isBlocked = false
  bytesSent = 0

  constructor(
    source: ReadableStream<Uint8Array>,
    { writable }: PipeEnds,
    { timers, idleTimeoutMs }: BodyPumpOptions,
  ) {
    this.#reader = source.getReader()
    this.#writer = writable.getWriter()
    this.#idle = idleTimeoutMs === 0 ? undefined : timers.start(idleTimeoutMs, () => this.#stall())
  }

  /** Something else of the exchange moved. */
  progress(): void {
    this.#idle?.restart()
  }

  /** Resolves at the end, with what went wrong. */
  async run(): Promise<ErrorCode | undefined> {
    while (this.#error === undefined) {
      const chunk = await this.#read()
      if (chunk === undefined) break
      await this.#write(chunk)
    }
    if (this.#error === undefined) await this.#writer.close().catch(() => this.cut('client-closed'))
    this.#idle?.cancel()
    return this.#error
  }

  /** Ends both sides, so that the client can tell that its answer is not whole. */
  cut(error: ErrorCode): void {
    if (this.#error !== undefined) return
    this.#error = error
    const reason = new Error(`postern: ${error}`)
    this.#writer.abort(reason).catch(() => {})
    this.#reader.cancel(reason).catch(() => {})
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      return (await this.#reader.read()).value
    } catch {
      this.cut('response-incomplete')
      return undefined
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    this.#idle?.restart()
    this.#isBlocked = true
    try {
      await this.#writer.write(chunk)
      this.bytesSent += chunk.length
    } catch {
      this.cut('client-closed')
    }
    this.#isBlocked = false
    this.#idle?.restart()
  }

  #stall(): void {
    this.cut(this.#isBlocked ? 'client-closed' : 'response-timeout')
  }
}
