import { setTimeout as pause } from 'node:timers/promises'

const RETRY_MS = 100
/** Longer than an API server takes to restart: by then it is a fault of ours. */
const FAILURES_TO_TELL = 100

/**
 * Brings each key to the state that is wanted: one call at a time for a key, once more where it changed meanwhile, and
 * again after a failure, until the worker is stopped.
 */
export class KeyedWorker {
  readonly #reconcile: (key: string) => Promise<void>
  readonly #dirty = new Set<string>()
  readonly #active = new Map<string, Promise<void>>()
  #isStopped = false

  constructor(reconcile: (key: string) => Promise<void>) {
    this.#reconcile = reconcile
  }

  poke(key: string): void {
    if (this.#isStopped) return
    this.#dirty.add(key)
    if (this.#active.has(key)) return
    this.#active.set(key, this.#run(key))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#active.values())
  }

  async #run(key: string): Promise<void> {
    let failures = 0
    while (this.#dirty.delete(key) && !this.#isStopped) {
      try {
        await this.#reconcile(key)
        failures = 0
      } catch (error) {
        if (++failures === FAILURES_TO_TELL)
          console.error(`Still cannot bring ${key} to what is wanted:`, error)
        // The API server is away, or the object changed under us: what is wanted stays wanted.
        this.#dirty.add(key)
        await pause(RETRY_MS)
      }
    }
    // In the same step as the last look at what changed, so that no poke falls between the two.
    this.#active.delete(key)
  }
}
