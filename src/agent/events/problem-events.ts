import { asError } from '../../model/as-error.ts'
import type { Clock, Timers } from '../../model/clock.ts'
import { Alarm } from '../../model/pause.ts'
import type { ObjectProblems } from '../agent.ts'
import type { KubeApi } from '../cluster/kube-api.ts'
import { isStatus, KubeError } from '../cluster/kube-error.ts'
import {
  type EventSeries,
  type EventSubject,
  eventName,
  eventOf,
  eventsPath,
  readSeries,
  seriesPatch,
} from './event.ts'
import { Refusals } from './refusals.ts'
import { TokenBucket, type TokenBucketOptions } from './token-bucket.ts'

const HOUR_MS = 3_600_000
const RETRY_MS = 5_000
const MAX_RETRY_MS = 300_000

export interface ProblemEventsOptions {
  readonly api: Pick<KubeApi, 'send'>
  /** Which agent this is, among several: its Pod's name. */
  readonly instance: string
  readonly clock: Clock
  readonly timers: Timers
  readonly onTrouble: (error: Error) => void
  /** How often a problem that lasts is told again. */
  readonly repeatMs?: number
  readonly rate?: TokenBucketOptions
}

interface Entry {
  subject: EventSubject
  /** False once the problem is gone: it is not told again, and forgotten when it would have been. */
  isPresent: boolean
  /** How often it was told; 0 until it has been. */
  count: number
  /** When to write next (clock.elapsed). */
  dueAt: number
  failures: number
}

/**
 * Problems as Events on their objects: one Event for each object and code, written when the problem appears and then
 * at most once in `repeatMs`, as a series, however often the problem comes and goes; over all of them so many a minute.
 */
export class ProblemEvents {
  readonly #options: ProblemEventsOptions
  readonly #repeatMs: number
  readonly #bucket: TokenBucket
  /** By key of the object, then by UID and code. */
  readonly #objects = new Map<string, Map<string, Entry>>()
  readonly #refusals: Refusals
  /** The last answer was that we may not: said once, for it may be so everywhere. */
  #isForbidden = false
  readonly #alarm: Alarm

  constructor(options: ProblemEventsOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.timers)
    this.#repeatMs = options.repeatMs ?? HOUR_MS
    this.#refusals = new Refusals(this.#repeatMs)
    this.#bucket = new TokenBucket(options.rate ?? { burst: 25, perMinute: 30 }, options.clock.elapsed())
  }

  /** How many problems have appeared and are not written yet. */
  get waiting(): number {
    return [...this.#entries()].filter(({ count, isPresent }) => count === 0 && isPresent).length
  }

  /** Takes all that is wrong now with some objects. Only objects with a UID are in a cluster. */
  update(changed: readonly ObjectProblems[]): void {
    for (const { key, object, problems } of changed) {
      const entries = this.#objects.get(key) ?? new Map<string, Entry>()
      for (const [id, entry] of entries) {
        entry.isPresent = false
        if (entry.count === 0) entries.delete(id)
      }
      if (object !== undefined && object.meta.uid !== '') {
        for (const [code, found] of Map.groupBy(problems, (problem) => problem.code)) {
          const id = `${object.meta.uid} ${code}`
          const subject = { object, code, problems: found }
          const known = entries.get(id) ?? { count: 0, dueAt: 0, failures: 0 }
          entries.set(id, Object.assign(known, { subject, isPresent: true }))
        }
      }
      if (entries.size === 0) this.#objects.delete(key)
      else this.#objects.set(key, entries)
    }
    this.#alarm.ring()
  }

  /** Writes what is due until aborted. When run again nothing counts as told: another agent may have written meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    for (const entry of this.#entries()) Object.assign(entry, { count: 0, dueAt: 0, failures: 0 })
    while (!signal.aborted) {
      const now = this.#options.clock.elapsed()
      const next = this.#next(now)
      const waitMs = next ? this.#dueAt(next) - now : this.#repeatMs
      const delayMs = waitMs > 0 ? waitMs : this.#bucket.take(now)
      if (next === undefined || delayMs > 0) await this.#alarm.pause(delayMs, signal)
      else await this.#write(next, signal)
    }
  }

  *#entries(): Iterable<Entry> {
    for (const entries of this.#objects.values()) yield* entries.values()
  }

  /** The entry that is due first; those that are over are forgotten on the way. */
  #next(now: number): Entry | undefined {
    let next: Entry | undefined
    for (const [key, entries] of this.#objects) {
      for (const [id, entry] of entries) {
        if (!entry.isPresent && entry.dueAt <= now) entries.delete(id)
        else if (entry.isPresent && (next === undefined || this.#dueAt(entry) < this.#dueAt(next)))
          next = entry
      }
      if (entries.size === 0) this.#objects.delete(key)
    }
    return next
  }

  /** Its own time, or that of its namespace. */
  #dueAt(entry: Entry): number {
    return Math.max(entry.dueAt, this.#refusals.allowedAt(namespaceOf(entry)))
  }

  async #write(entry: Entry, signal: AbortSignal): Promise<void> {
    try {
      const { count, lastAt } = await this.#tell(entry, signal)
      const { clock } = this.#options
      entry.count = count
      entry.dueAt = clock.elapsed() + Math.min(this.#repeatMs, this.#repeatMs - (clock.now() - lastAt))
      entry.failures = 0
      this.#refusals.allow(namespaceOf(entry))
      this.#isForbidden = false
    } catch (error) {
      if (!signal.aborted) this.#fail(entry, error)
    }
  }

  /** @returns how often and when it was told last, by the Event that is there. */
  async #tell({ subject, count }: Entry, signal: AbortSignal): Promise<EventSeries> {
    const series = { count: count + 1, lastAt: this.#options.clock.now() }
    if (count === 0) return await this.#create(subject, series, signal)
    try {
      return await this.#patch(subject, seriesPatch(series), series, signal)
    } catch (error) {
      if (!isStatus(error, 404)) throw error
      // It has aged out.
      return await this.#create(subject, series, signal)
    }
  }

  async #create(subject: EventSubject, series: EventSeries, signal: AbortSignal): Promise<EventSeries> {
    const { api, instance } = this.#options
    const body = eventOf(subject, instance, series)
    try {
      await api.send(eventsPath(subject.object), { method: 'POST', body }, signal)
      return series
    } catch (error) {
      if (!isStatus(error, 409)) throw error
      // An agent before this one wrote it. A patch of nothing reads it, and needs no right of its own.
      return await this.#patch(subject, {}, series, signal)
    }
  }

  async #patch(
    { object, code }: EventSubject,
    body: object,
    otherwise: EventSeries,
    signal: AbortSignal,
  ): Promise<EventSeries> {
    const path = `${eventsPath(object)}/${eventName(object, code)}`
    return readSeries(await this.#options.api.send(path, { method: 'PATCH', body }, signal)) ?? otherwise
  }

  #fail(entry: Entry, error: unknown): void {
    const now = this.#options.clock.elapsed()
    const status = error instanceof KubeError ? error.status : 0
    const isPassing = status === 0 || status === 429 || status >= 500
    const retryMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** entry.failures)
    entry.failures++
    entry.dueAt = now + (isPassing ? retryMs : this.#repeatMs)
    // A namespace that is ending, or has ended, takes its problems along.
    if (status === 404 || (error instanceof Error && error.message.includes('being terminated'))) return
    const isSaid = status === 403 && this.#isForbidden
    this.#isForbidden ||= status === 403
    if (status === 403) this.#refusals.refuse(namespaceOf(entry), now)
    if (!isSaid) this.#options.onTrouble(asError(error))
  }
}

function namespaceOf({ subject }: Entry): string {
  return subject.object.meta.namespace
}
