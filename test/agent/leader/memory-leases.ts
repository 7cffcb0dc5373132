import type { Lease } from '../../../src/agent/leader/election.ts'
import type { Leases } from '../../../src/agent/leader/leases.ts'

/** How a request fares. */
export type Way = 'open' | 'hangs' | 'refused' | 'answer is lost'

/** A Lease in memory that can be out of reach: for what no real API server does at a wanted moment. */
export class MemoryLease {
  lease: Lease | undefined
  #version = 0
  readonly #watchers = new Set<(lease: Lease | undefined) => void>()

  /** @param way how this candidate's requests fare, asked at each */
  leases(way: () => Way = () => 'open'): Leases {
    return {
      read: async (signal) => {
        await passed(way(), signal)
        return { lease: this.lease, version: `${this.#version}` }
      },
      write: async ({ over, holder, durationMs, transitions, epoch }, _now, signal) => {
        const fate = way()
        if (fate !== 'answer is lost') await passed(fate, signal)
        if (over !== this.lease?.version) return 'refused'
        const written = this.put({ holder, durationMs, transitions, epoch })
        if (fate === 'answer is lost') await passed('hangs', signal)
        return written
      },
      watch: async (_version, signal, onLease) => {
        const tell = (lease: Lease | undefined) => way() === 'open' && onLease(lease)
        this.#watchers.add(tell)
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        this.#watchers.delete(tell)
      },
    }
  }

  put(state: Omit<Lease, 'version'>): Lease {
    this.lease = { ...state, version: `${++this.#version}` }
    for (const tell of this.#watchers) tell(this.lease)
    return this.lease
  }

  delete(): void {
    this.#version++
    this.lease = undefined
    for (const tell of this.#watchers) tell(undefined)
  }
}

async function passed(way: Way, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (way === 'refused') throw new Error('connect ECONNREFUSED')
  if (way === 'hangs' || way === 'answer is lost') {
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
}
