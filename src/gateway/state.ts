import type { BalanceState } from '../balance/endpoint.ts'

/** Retries add at most a fifth to the requests, with a small reserve for quiet times (Finagle's retry budget). */
const RETRY_RATIO = 0.2
const RETRY_RESERVE = 10

/**
 * What a gateway process knows of the present. `plan` and `choose` read it; only the shell that carries a plan out
 * writes it. Keyed by endpoint and service, so it outlives every table.
 */
export class GatewayState implements BalanceState {
  readonly #loads = new Map<string, number>()
  readonly #turns = new Map<string, number>()
  #retryTokens = RETRY_RESERVE

  loadOf(endpoint: string): number {
    return this.#loads.get(endpoint) ?? 0
  }

  turnOf(service: string): number {
    return this.#turns.get(service) ?? 0
  }

  hasRetryBudget(): boolean {
    return this.#retryTokens >= 1
  }

  requestBegan(): void {
    this.#retryTokens = Math.min(RETRY_RESERVE, this.#retryTokens + RETRY_RATIO)
  }

  attemptBegan(service: string, endpoint: string, isRetry: boolean): void {
    if (isRetry) this.#retryTokens -= 1
    this.#loads.set(endpoint, this.loadOf(endpoint) + 1)
    // Wraps long before a number loses precision.
    this.#turns.set(service, (this.turnOf(service) + 1) % 0x4000_0000)
  }

  attemptEnded(endpoint: string): void {
    const load = this.loadOf(endpoint) - 1
    // Idle endpoints take no room, so that Pods long gone leave nothing behind.
    if (load > 0) this.#loads.set(endpoint, load)
    else this.#loads.delete(endpoint)
  }
}
