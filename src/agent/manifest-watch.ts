import type { ObjectChange } from '../compile/compilation.ts'
import { asError } from '../model/as-error.ts'
import type { Clock, Timers } from '../model/clock.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { pause } from '../model/pause.ts'
import type { Problem } from '../model/problem.ts'
import type { Agent } from './agent.ts'

const HOUR_MS = 3_600_000

/** All objects of a source at one moment, and what it could not read. */
export interface Observation {
  readonly objects: ReadonlyMap<string, KubeObject>
  readonly problems: readonly Problem[]
}

/** A source that is read whole, again and again: manifest files. */
export interface ObservedSource {
  read(): Promise<Observation>
}

export interface ManifestWatchOptions {
  readonly source: ObservedSource
  readonly agent: Agent
  readonly clock: Clock
  readonly onTrouble: (error: Error) => void
}

/**
 * Reads a source and publishes what differs from the last reading, one reading at a time: a change that comes while one
 * is under way leads to exactly one more.
 */
export class ManifestWatch {
  readonly #options: ManifestWatchOptions
  #texts: ReadonlyMap<string, string> = new Map()
  #running: Promise<void> | undefined
  #isStale = false

  constructor(options: ManifestWatchOptions) {
    this.#options = options
  }

  /** Resolves when what stands in the source now has been published. */
  refresh(): Promise<void> {
    this.#isStale = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Reads again every hour, until aborted: certificates run out without a change of any file. */
  async repeat(timers: Timers, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(HOUR_MS, timers, signal)
      if (!signal.aborted) await this.refresh()
    }
  }

  async #run(): Promise<void> {
    const { source, agent, clock, onTrouble } = this.#options
    while (this.#isStale) {
      this.#isStale = false
      try {
        const readAt = clock.now()
        await agent.apply([{ type: 'time', at: readAt }, ...this.#diff(await source.read())], readAt)
      } catch (error) {
        onTrouble(asError(error))
      }
    }
  }

  #diff({ objects, problems }: Observation): ObjectChange[] {
    const changes: ObjectChange[] = []
    const texts = new Map<string, string>()
    for (const key of this.#texts.keys()) if (!objects.has(key)) changes.push({ type: 'delete', key })
    for (const [key, object] of objects) {
      const text = JSON.stringify(object)
      texts.set(key, text)
      if (this.#texts.get(key) !== text) changes.push({ type: 'put', object })
    }
    this.#texts = texts
    return [...changes, { type: 'found', facet: 'source', problems }]
  }
}
