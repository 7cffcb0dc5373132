import type { Clock, Timer, Timers } from '../../../src/model/clock.ts'
import { pause } from '../../../src/model/pause.ts'
import type { HeldSockets, SharedPorts } from './shared-ports.ts'
import { watchOver } from './watch-over.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface SupervisorOptions {
  readonly count: number
  readonly ports: SharedPorts
  readonly spawn: (number: number, sockets: HeldSockets) => WorkerProcess
  readonly clock: Clock
  readonly timers: Timers
  readonly onTrouble: (error: Error) => void
  readonly onRestart: () => void
}

/** A worker's place. Its sockets are held here, so that the next one gets what nobody has accepted yet. */
interface Place {
  readonly number: number
  sockets: HeldSockets
  /** None: another is about to be started. */
  worker: WorkerProcess | undefined
  /** Takes the place over as soon as it is ready. */
  successor: WorkerProcess | undefined
  wait: Timer | undefined
  /** How many have ended in a row before they were steady. */
  failures: number
  restarts: number
}

/** One that has lived for so long did not end by how it starts. */
const STEADY_MS = 10_000
const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 30_000
const READY_WITHIN_MS = 60_000

/** Keeps so many workers going: starts another where one has ended, renews them one by one, stops them all. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #places: Place[]
  readonly #living = new Set<WorkerProcess>()
  /** Rejects when a worker ends before all have been ready. */
  readonly #failed = Promise.withResolvers<never>()
  #hasBeenReady = false
  #isStopping = false
  #isReloadQueued = false
  #reloads = Promise.resolve()

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#places = Array.from({ length: options.count }, (_, number) => ({
      number,
      sockets: options.ports.bind(),
      worker: undefined,
      successor: undefined,
      wait: undefined,
      failures: 0,
      restarts: 0,
    }))
  }

  get places(): readonly Readonly<Place>[] {
    return this.#places
  }

  /** Once all have been ready, one that serves is enough: whoever connects comes to it. */
  get notReadyReason(): string | undefined {
    if (this.#isStopping) return 'draining'
    return this.#hasBeenReady ? undefined : 'not all workers are ready yet'
  }

  /** Starts all. Resolves once all are ready, rejects when one of them ends before: the next would do no better. */
  async start(): Promise<void> {
    for (const place of this.#places) this.#install(place, this.#spawn(place))
    const allReady = Promise.all(this.#places.map(({ worker }) => worker?.ready))
    await Promise.race([allReady, this.#failed.promise])
    this.#hasBeenReady = true
  }

  /** Renews all, one by one, and stops at the first that cannot be. Another reload meanwhile begins after it. */
  reload(): void {
    if (this.#isReloadQueued) return
    this.#isReloadQueued = true
    this.#reloads = this.#reloads.then(async () => {
      this.#isReloadQueued = false
      for (const place of this.#places) if (!(await this.#renew(place))) return
    })
  }

  /** Gives all that live, and are not told when they start. */
  renewTickets(keys: readonly string[]): void {
    for (const worker of this.#living) worker.renewTickets(keys)
  }

  /** Lets all drain. Resolves once they are gone. */
  async stop(delayMs: number): Promise<void> {
    this.#isStopping = true
    this.#options.ports.close()
    for (const { sockets, wait } of this.#places) {
      wait?.cancel()
      // From here on they last as long as their worker listens: who comes later is refused, and not left waiting.
      sockets.close()
    }
    await Promise.all([...this.#living].map((worker) => worker.stop(delayMs)))
  }

  #spawn({ number, sockets }: Place): WorkerProcess {
    const { spawn, timers, onTrouble } = this.#options
    const worker = spawn(number, sockets)
    this.#living.add(worker)
    void worker.ended.then(() => this.#living.delete(worker))
    void watchOver(worker, timers, onTrouble)
    return worker
  }

  #install(place: Place, worker: WorkerProcess): void {
    place.worker = worker
    void worker.ended.then((how) => {
      if (place.worker === worker && !this.#isStopping) this.#onLost(place, worker, how)
    })
  }

  #onLost(place: Place, worker: WorkerProcess, how: string): void {
    const { clock, onTrouble } = this.#options
    place.worker = undefined
    const ended = `worker ${place.number} (process ${worker.pid}) ended with ${how}`
    if (!this.#hasBeenReady) {
      this.#failed.reject(new Error(`Cannot start: ${ended}`))
      return
    }
    const isSteady = clock.elapsed() - worker.startedAt >= STEADY_MS
    place.failures = isSteady ? 0 : place.failures + 1
    const waitMs = isSteady ? 0 : Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (place.failures - 1))
    onTrouble(new Error(`${ended}, another is started in ${waitMs / 1000} s`))
    // A successor listens on the place's socket already.
    if (place.successor === undefined) this.#restart(place, waitMs)
  }

  #restart(place: Place, waitMs: number): void {
    const dead = place.sockets
    try {
      // Whoever connects comes to the others now, and does not wait for the one that is started.
      place.sockets = this.#options.ports.bind()
      dead.close()
    } catch (cause) {
      this.#options.onTrouble(new Error(`Cannot renew the sockets of worker ${place.number}`, { cause }))
    }
    place.wait = this.#options.timers.start(waitMs, () => {
      place.wait = undefined
      place.restarts++
      this.#options.onRestart()
      this.#install(place, this.#spawn(place))
    })
  }

  /**
   * The new one listens on the socket of the old one before that stops: the socket is never closed, and so none of the
   * connections in its queue is.
   */
  async #renew(place: Place): Promise<boolean> {
    if (this.#isStopping) return false
    const old = place.worker
    // What does not serve yet is new anyway.
    if (old?.phase !== 'serving') return true
    const next = this.#spawn(place)
    place.successor = next
    const failure = await this.#failureOf(next)
    place.successor = undefined
    if (failure === undefined) {
      this.#install(place, next)
      await old.stop(0)
      return true
    }
    next.kill()
    if (this.#isStopping) return false
    const what = `Cannot renew worker ${place.number}, and leave the others: the new one ${failure}`
    this.#options.onTrouble(new Error(what))
    if (place.worker === undefined) this.#restart(place, FIRST_WAIT_MS)
    return false
  }

  /** Why it did not become ready; undefined: it did. */
  async #failureOf(worker: WorkerProcess): Promise<string | undefined> {
    const waiting = new AbortController()
    const limit = pause(READY_WITHIN_MS, this.#options.timers, waiting.signal)
    const failure = await Promise.race([
      worker.ready.then(() => undefined),
      worker.ended.then((how) => `ended with ${how}`),
      limit.then(() => `was not ready within ${READY_WITHIN_MS / 1000} s`),
    ])
    waiting.abort()
    return failure
  }
}
