import type { BalanceState, Choice } from '../balance/endpoint.ts'
import { nobodyCounts, type RateCounter } from '../limits/rate-limits.ts'
import type { Clock } from '../model/clock.ts'
import type { Forward, LimitReader } from './road.ts'

/** Retries add at most a fifth to the requests, with a small reserve for quiet times (Finagle's retry budget). */
const RETRY_RATIO = 0.2
const RETRY_RESERVE = 10

/** How long an endpoint that could not be connected to is left alone: doubled each time that it fails again. */
const SUSPECT_MS = 1_000
const MAX_SUSPECT_MS = 30_000

/** A plan that is being carried out. */
type Carried = Pick<Forward, 'service' | 'rateKey'>

interface Suspicion {
  readonly until: number
  readonly durationMs: number
}

/**
 * What a gateway process knows of the present. `plan` and `choose` read it; only the shell that carries a plan out
 * writes it. Keyed by endpoint and service, so it outlives every table.
 */
export class GatewayState implements BalanceState, LimitReader {
  readonly #loads = new Map<string, number>()
  /** Requests under way, by service: of those alone that have a limit of them. */
  readonly #underWay = new Map<string, number>()
  /** Attempts begun, by service: of those alone that take turns. */
  readonly #turns = new Map<string, number>()
  readonly #suspicions = new Map<string, Suspicion>()
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly rates: RateCounter
  #retryTokens = RETRY_RESERVE

  /** @param rates they may outlive this */
  constructor(clock: Pick<Clock, 'elapsed'>, rates: RateCounter = nobodyCounts) {
    this.#clock = clock
    this.rates = rates
  }

  loadOf(endpoint: string): number {
    return this.#loads.get(endpoint) ?? 0
  }

  turnOf(service: string): number {
    return this.#turns.get(service) ?? 0
  }

  /** Could not be connected to a moment ago: a Pod that died, before the registry tells. */
  isSuspect(endpoint: string): boolean {
    const suspicion = this.#suspicions.get(endpoint)
    return suspicion !== undefined && this.#clock.elapsed() < suspicion.until
  }

  get hasSuspects(): boolean {
    return this.#suspicions.size > 0
  }

  hasRetryBudget(): boolean {
    return this.#retryTokens >= 1
  }

  underWay(service: string): number {
    return this.#underWay.get(service) ?? 0
  }

  requestBegan({ service, rateKey }: Carried): void {
    this.#retryTokens = Math.min(RETRY_RESERVE, this.#retryTokens + RETRY_RATIO)
    const { limits } = service.record
    if (limits === undefined) return
    if (limits.rate !== undefined && rateKey !== undefined) {
      this.rates.take(service.key, limits.rate, rateKey)
    }
    if (limits.concurrent === undefined) return
    this.#underWay.set(service.key, this.underWay(service.key) + 1)
  }

  /** Once for each that began, and with the same plan: the Service may have another record by now. */
  requestEnded({ service }: Carried): void {
    if (service.record.limits?.concurrent === undefined) return
    const left = this.underWay(service.key) - 1
    if (left > 0) this.#underWay.set(service.key, left)
    else this.#underWay.delete(service.key)
  }

  attemptBegan({ key, record }: Choice['service'], endpoint: string, isRetry: boolean): void {
    if (isRetry) this.#retryTokens -= 1
    this.#loads.set(endpoint, this.loadOf(endpoint) + 1)
    if (record.balance !== 'round-robin') return
    // Wraps long before a number loses precision.
    this.#turns.set(key, (this.turnOf(key) + 1) % 0x4000_0000)
  }

  attemptEnded(endpoint: string): void {
    const load = this.loadOf(endpoint) - 1
    // Idle endpoints take no room, so that Pods long gone leave nothing behind.
    if (load > 0) this.#loads.set(endpoint, load)
    else this.#loads.delete(endpoint)
  }

  connectFailed(endpoint: string): void {
    const now = this.#clock.elapsed()
    const before = this.#suspicions.get(endpoint)
    // Requests that were under way together fail together: that is one failure.
    if (before !== undefined && now < before.until) return
    const durationMs = before === undefined ? SUSPECT_MS : Math.min(MAX_SUSPECT_MS, before.durationMs * 2)
    this.#suspicions.set(endpoint, { until: now + durationMs, durationMs })
    this.#forgetOld(now)
  }

  /** It answered. */
  connected(endpoint: string): void {
    if (this.#suspicions.size > 0) this.#suspicions.delete(endpoint)
  }

  /** Pods that died are not tried again: what is known of them goes after a while. */
  #forgetOld(now: number): void {
    for (const [endpoint, { until }] of this.#suspicions) {
      if (now > until + MAX_SUSPECT_MS) this.#suspicions.delete(endpoint)
    }
  }
}
