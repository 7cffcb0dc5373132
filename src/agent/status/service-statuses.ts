import type { ServiceExposure } from '../../compile/output.ts'
import { asError } from '../../model/as-error.ts'
import type { Clock, Random, Timers } from '../../model/clock.ts'
import type { LoadBalancerIngress, Service } from '../../model/objects/service.ts'
import { Alarm } from '../../model/pause.ts'
import type { KubeApi } from '../cluster/kube-api.ts'
import { isStatus, KubeError } from '../cluster/kube-error.ts'
import { TokenBucket, type TokenBucketOptions } from '../events/token-bucket.ts'
import { ingressOf, isSameIngress } from './ingress.ts'
import { type SettleParts, settleIngress } from './settle-ingress.ts'

const RETRY_MS = 1_000
const MAX_RETRY_MS = 300_000
/** A Service that was left alone for so long is written at once again. */
const CALM_MS = 600_000

export interface ServiceStatusesOptions {
  readonly api: Pick<KubeApi, 'send'>
  /** Whose statuses are ours to write: Services of type LoadBalancer with this `loadBalancerClass`. */
  readonly loadBalancerClass: string
  /** Where the gateways are reached. */
  readonly addresses: readonly LoadBalancerIngress[]
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly onTrouble: (error: Error) => void
  /** How soon one Service is written again; twice as long each time, for another may write against us. */
  readonly spacingMs?: number
  readonly rate?: TokenBucketOptions
}

interface Entry {
  service: Service
  isExposed: boolean
  /** Not to be written before this (clock.elapsed). */
  dueAt: number
  writtenAt: number
  /** How often it was written without a calm in between. */
  writes: number
  failures: number
}

/**
 * Tells in the status of LoadBalancer Services of our class where the gateways are reached, for as long as a hostname
 * is the Service's: also while a problem has it answered 503, for what was mended must not wait for DNS. What others
 * wrote on such a Service is replaced; taken away is only what we wrote, which the API server remembers for us
 * (`metadata.managedFields`). A Service cannot leave our class but by another type, and the API server drops the status
 * with that.
 */
export class ServiceStatuses {
  readonly #options: ServiceStatusesOptions
  readonly #bucket: TokenBucket
  /** Services of our class, by namespace/name. */
  readonly #entries = new Map<string, Entry>()
  /** Those whose status differs from what it should be, as far as is known. */
  readonly #pending = new Set<string>()
  readonly #parts: SettleParts
  #addresses: readonly LoadBalancerIngress[]
  /** The last trouble since a write went well: what all Services meet alike is said once. */
  #said = ''
  readonly #alarm: Alarm

  constructor(options: ServiceStatusesOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.timers)
    const { api, timers, random, addresses, loadBalancerClass } = options
    this.#addresses = addresses
    const isOurs = ({ spec }: Service) =>
      spec.type === 'LoadBalancer' && spec.loadBalancerClass === loadBalancerClass
    this.#parts = { api, timers, random, isOurs }
    this.#bucket = new TokenBucket(options.rate ?? { burst: 50, perMinute: 300 }, options.clock.elapsed())
  }

  /** How many Services wait for their status. */
  get waiting(): number {
    return this.#pending.size
  }

  /** Takes what is true now of some Services; also while nothing is written. */
  update(changed: readonly ServiceExposure[]): void {
    for (const { name, service, isExposed } of changed) {
      const known = this.#entries.get(name)
      if (service === undefined || !this.#parts.isOurs(service)) {
        this.#entries.delete(name)
        this.#pending.delete(name)
        continue
      }
      const isKnown = known?.service.meta.uid === service.meta.uid
      const entry = isKnown ? known : { dueAt: 0, writtenAt: 0, writes: 0, failures: 0 }
      this.#entries.set(name, Object.assign(entry, { service, isExposed }))
      this.#judge(name)
    }
    this.#alarm.ring()
  }

  /** Writes what differs until aborted, and may be run again: for each term in which the agent leads. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const now = this.#options.clock.elapsed()
      const next = this.#next()
      const dueAt = next?.entry.dueAt ?? now + MAX_RETRY_MS
      const delayMs = dueAt > now ? dueAt - now : this.#bucket.take(now)
      if (next === undefined || delayMs > 0) await this.#alarm.pause(delayMs, signal)
      else await this.#write(next.name, next.entry, signal)
    }
  }

  #judge(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined || isSameIngress(ingressOf(entry.service), this.#wanted(entry))) {
      this.#pending.delete(name)
    } else this.#pending.add(name)
  }

  #wanted({ isExposed }: Entry): readonly LoadBalancerIngress[] {
    return isExposed ? this.#addresses : []
  }

  #next(): { name: string; entry: Entry } | undefined {
    let next: { name: string; entry: Entry } | undefined
    for (const name of this.#pending) {
      const entry = this.#entries.get(name)
      if (entry !== undefined && entry.dueAt < (next?.entry.dueAt ?? Number.POSITIVE_INFINITY)) {
        next = { name, entry }
      }
    }
    return next
  }

  async #write(name: string, entry: Entry, signal: AbortSignal): Promise<void> {
    // First, so that an update meanwhile is not taken for done.
    this.#pending.delete(name)
    try {
      const written = await settleIngress(entry.service, () => this.#wanted(entry), this.#parts, signal)
      entry.failures = 0
      this.#said = ''
      if (written === undefined) return
      this.#space(entry)
      this.#check(entry, written)
    } catch (error) {
      if (!isStatus(error, 404) && this.#entries.has(name)) this.#pending.add(name)
      if (!signal.aborted) this.#fail(entry, error)
    }
  }

  /** An API server older than `ipMode` drops it: kube-proxy would then take our address for the Service's own. */
  #check(entry: Entry, written: Service): void {
    if (ingressOf(written).every(({ ip, ipMode }) => ip === undefined || ipMode !== undefined)) return
    this.#addresses = this.#addresses.filter(({ ip }) => ip === undefined)
    entry.service = written
    for (const name of this.#entries.keys()) this.#judge(name)
    const needs =
      'the API server does not keep ipMode (Kubernetes 1.30 does); give --gateway-address a hostname'
    this.#options.onTrouble(new Error(`Cannot tell an IP address in the status of Services: ${needs}`))
  }

  #space(entry: Entry): void {
    const now = this.#options.clock.elapsed()
    const { spacingMs = RETRY_MS } = this.#options
    if (now - entry.writtenAt > CALM_MS) entry.writes = 0
    entry.dueAt = now + Math.min(MAX_RETRY_MS, spacingMs * 2 ** entry.writes)
    entry.writtenAt = now
    entry.writes++
  }

  #fail(entry: Entry, error: unknown): void {
    const now = this.#options.clock.elapsed()
    const status = error instanceof KubeError ? error.status : 0
    // It is gone, and what it told with it.
    if (status === 404) return
    const isPassing = [0, 409, 429].includes(status) || status >= 500
    entry.dueAt = now + (isPassing ? Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** entry.failures) : MAX_RETRY_MS)
    entry.failures++
    const trouble = isLackingRight(error) ? lacksRight(error) : asError(error)
    if (trouble.message !== this.#said) this.#options.onTrouble(trouble)
    this.#said = trouble.message
  }
}

/** Otherwise a 403 is an admission policy's, about that one Service. */
function isLackingRight(error: unknown): boolean {
  return error instanceof KubeError && error.status === 403 && error.message.includes('cannot patch resource')
}

function lacksRight(cause: unknown): Error {
  const right = 'the verb patch on services/status (infra/kustomize/components/load-balancer-status)'
  return new Error(`Cannot tell in the status of Services where the gateways are: the agent lacks ${right}`, {
    cause,
  })
}
