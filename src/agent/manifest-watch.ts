import type { Agent, Observation } from './agent.ts'

/** A source that is read whole, again and again: manifest files. */
export interface ObservedSource {
  read(): Promise<Observation>
}

/**
 * Reads a source and publishes it, one reading at a time: a change that comes while one is under way leads to exactly
 * one more.
 */
export class ManifestWatch {
  readonly #source: ObservedSource
  readonly #agent: Agent
  readonly #onTrouble: (error: Error) => void
  #running: Promise<void> | undefined
  #isStale = false

  constructor(source: ObservedSource, agent: Agent, onTrouble: (error: Error) => void) {
    this.#source = source
    this.#agent = agent
    this.#onTrouble = onTrouble
  }

  /** Resolves when what stands in the source now has been published. */
  refresh(): Promise<void> {
    this.#isStale = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      try {
        await this.#agent.observe(await this.#source.read())
      } catch (error) {
        this.#onTrouble(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }
}
