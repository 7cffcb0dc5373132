import type { PodServer } from './pod-server.ts'
import type { PodState } from './pod-status.ts'

/** What the kubelet remembers of a Pod that it has started. */
export class RunningPod {
  readonly server: PodServer
  readonly hostAddress: string
  readonly #gone = new AbortController()
  readonly #startedAt = timestamp()
  #readyChangedAt = this.#startedAt
  #isReady: boolean | undefined
  #drainUntil: number | undefined

  constructor(server: PodServer, hostAddress: string) {
    this.server = server
    this.hostAddress = hostAddress
  }

  /** Aborted when the Pod is gone from the API, or its process has died. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Whether the API server has been told of this. */
  hasReported(isReady: boolean): boolean {
    return this.#isReady === isReady
  }

  reported(isReady: boolean): void {
    this.#isReady = isReady
  }

  stateWhen(isReady: boolean): PodState {
    if (!this.hasReported(isReady)) this.#readyChangedAt = timestamp()
    return {
      address: this.server.address,
      hostAddress: this.hostAddress,
      isReady,
      startedAt: this.#startedAt,
      readyChangedAt: this.#readyChangedAt,
    }
  }

  /** How much longer it serves after its deletion: `forMs` from the first time that this is asked. */
  drainTimeLeftMs(forMs: number): number {
    this.server.drain()
    this.#drainUntil ??= performance.now() + forMs
    return Math.max(0, this.#drainUntil - performance.now())
  }

  destroy(): void {
    this.#gone.abort()
    this.server.destroy()
  }
}

function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z')
}
