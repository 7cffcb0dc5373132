import type { Timer } from '../model/clock.ts'
import { ClientConnection, type ConnectionOwner } from './client-connection.node.ts'
import { Dial } from './client-dial.node.ts'
import type { Carrier, ClientExchange } from './client-exchange.node.ts'
import type { EndpointAddress, PoolOptions } from './client-pool.node.ts'

/** A server that says for how long it keeps a connection may be closing it by then. */
const KEEP_ALIVE_MARGIN_MS = 1000

/** The connections to one endpoint, and who waits for one. */
export class EndpointConnections implements ConnectionOwner {
  readonly #place: EndpointAddress
  readonly #options: PoolOptions
  readonly #onEmpty: () => void
  /** The last is the freshest, and is taken first: the others may then idle away. */
  readonly #idle: ClientConnection[] = []
  readonly #all = new Set<{ close(): void }>()
  /** In order of arrival. */
  readonly #waiting = new Map<ClientExchange, Timer>()
  #isRetired = false

  constructor(place: EndpointAddress, options: PoolOptions, onEmpty: () => void) {
    this.#place = place
    this.#options = options
    this.#onEmpty = onEmpty
  }

  /** Of the identity that is proven on these; undefined: in the clear. */
  get tlsId(): string | undefined {
    return this.#place.tls?.id
  }

  get bounds() {
    return this.#options.bounds
  }

  /** Sends the exchange over an idle connection, a new one, or, when there may be no more, the next that is free. */
  carry(exchange: ClientExchange): void {
    const connection = this.#takeIdle(exchange.request.isIdempotent)
    if (connection !== undefined) connection.send(exchange)
    else if (this.#all.size < this.#options.maxConnections) this.#open(exchange)
    else {
      this.#wait(exchange)
      // It would not do, and stands in the way of one that will.
      this.#idle.shift()?.close()
    }
  }

  onFree(connection: ClientConnection): void {
    const next = this.#nextWaiting()
    if (next !== undefined) {
      connection.send(next)
      return
    }
    const { clock, deadlines, maxIdle } = this.#options
    const idleMs = this.#idleMs(connection)
    if (idleMs <= 0 || this.#idle.length >= maxIdle || this.#isRetired) {
      connection.close()
      return
    }
    connection.idleSince = clock.elapsed()
    connection.deadline = deadlines.after(idleMs)
    this.#idle.push(connection)
  }

  onClosed(connection: ClientConnection): void {
    const place = this.#idle.indexOf(connection)
    if (place !== -1) this.#idle.splice(place, 1)
    this.#options.deadlines.delete(connection)
    this.#gone(connection)
  }

  /** Nobody sends by these any more. */
  retire(): void {
    this.#isRetired = true
    for (const connection of this.#idle.splice(0)) connection.close()
  }

  close(): void {
    for (const one of [...this.#all]) one.close()
  }

  #takeIdle(isIdempotent: boolean): ClientConnection | undefined {
    for (;;) {
      const freshest = this.#idle.at(-1)
      if (freshest === undefined) return undefined
      const { clock, freshMs } = this.#options
      if (!isIdempotent && clock.elapsed() - freshest.idleSince > freshMs) return undefined
      this.#idle.pop()
      if (freshest.isUsable) return freshest
    }
  }

  #open(exchange: ClientExchange): void {
    const place = { close: () => exchange.carrier?.abort() }
    this.#all.add(place)
    new Dial(this.#place, exchange, this.#options, (dialled) => {
      if (dialled === undefined) {
        this.#gone(place)
        return
      }
      this.#all.delete(place)
      const connection = new ClientConnection(dialled, this)
      this.#all.add(connection)
      this.#options.deadlines.add(connection)
      connection.send(exchange)
    })
  }

  #wait(exchange: ClientExchange): void {
    const { timers, connectTimeoutMs, maxWaiting } = this.#options
    const fail = (code: 'connect-timeout' | 'endpoint-unreachable', why: string): void => {
      this.#waiting.delete(exchange)
      exchange.fail({ code, wasSent: false, wasReused: false, cause: new Error(why) })
    }
    if (this.#waiting.size >= maxWaiting) {
      process.nextTick(fail, 'endpoint-unreachable', `${maxWaiting} requests wait for a connection already`)
      return
    }
    const timer = timers.start(connectTimeoutMs, () =>
      fail('connect-timeout', 'no connection became free in time'),
    )
    this.#waiting.set(exchange, timer)
    exchange.carrier = queued(() => {
      timer.cancel()
      this.#waiting.delete(exchange)
    })
  }

  #nextWaiting(): ClientExchange | undefined {
    for (const [exchange, timer] of this.#waiting) {
      timer.cancel()
      this.#waiting.delete(exchange)
      return exchange
    }
    return undefined
  }

  #gone(place: { close(): void }): void {
    this.#all.delete(place)
    const next = this.#nextWaiting()
    if (next !== undefined) this.#open(next)
    else if (this.#all.size === 0) this.#onEmpty()
  }

  #idleMs({ keepAliveMs }: ClientConnection): number {
    const { idleMs } = this.#options
    return keepAliveMs === undefined ? idleMs : Math.min(idleMs, keepAliveMs - KEEP_ALIVE_MARGIN_MS)
  }
}

/** What carries an exchange that waits. */
function queued(leave: () => void): Carrier {
  return { write: () => false, end() {}, resume() {}, abort: leave }
}
