import * as v from 'valibot'
import type { ObjectChange } from '../../compile/compilation.ts'
import type { Clock, Random, Timers } from '../../model/clock.ts'
import { objectKey, parseObject } from '../../model/objects/object.ts'
import { pause } from '../../model/pause.ts'
import type { WatchedKind } from './kinds.ts'
import { type KubeApi, KubeError, statusError, type WatchEvent } from './kube-api.ts'

const MIN_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 30_000
/** Watches end by themselves after 5 to 10 minutes, as client-go's do: a balancer in front may spread them again. */
const WATCH_SECONDS = 300
/** A watch that has heard from its server within this time is live: bookmarks come about once a minute. */
const LIVE_MS = 75_000
/** A watch that ends sooner, and with nothing to tell, is a server that cannot serve it. */
const SHORT_WATCH_MS = 1_000
/** After so many failed watches in a row what we hold is in doubt: list again. */
const MAX_WATCH_FAILURES = 5

export interface ReflectorOptions {
  readonly api: KubeApi
  readonly kind: WatchedKind
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly onChange: (change: ObjectChange) => void
  /** A list has been taken in whole. */
  readonly onListed: () => void
  readonly onTrouble: (error: Error) => void
}

/** What every object has, however wrong the rest of it is. */
const identitySchema = v.object({
  metadata: v.object({
    name: v.string(),
    namespace: v.nullish(v.string(), ''),
    resourceVersion: v.nullish(v.string(), ''),
  }),
})
const bookmarkSchema = v.object({ metadata: v.object({ resourceVersion: v.string() }) })

/** Mirrors one kind of object of a cluster: lists it, watches it, and starts over after trouble, until aborted. */
export class Reflector {
  readonly #options: ReflectorOptions
  /** Resource version of each object held, by key. */
  readonly #held = new Map<string, string>()
  /** Objects that could not be read, by key. */
  readonly #unreadable = new Set<string>()
  /** Where to watch from; undefined when there must be a list first. */
  #version: string | undefined
  #failures = 0
  #isWatching = false
  #heardAt: number | undefined

  constructor(options: ReflectorOptions) {
    this.#options = options
  }

  /** The last moment (ms since the Unix epoch) at which what was given is known to have been true. */
  liveAt(): number | undefined {
    const now = this.#options.clock.now()
    if (this.#heardAt === undefined) return undefined
    return this.#isWatching && now - this.#heardAt < LIVE_MS ? now : this.#heardAt
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(signal)
        await this.#watch(this.#version ?? '', signal)
      } catch (error) {
        if (signal.aborted) return
        this.#fail(error)
      }
      await pause(this.#backoffMs(), this.#options.timers, signal)
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { onListed } = this.#options
    let { seen, version } = await this.#pages(signal)
    if (seen.size === 0 && this.#held.size > 0) {
      // All gone at once is more likely a server that has lost its mind than a cluster that has lost its objects.
      ;({ seen, version } = await this.#pages(signal))
    }
    for (const key of [...this.#held.keys(), ...this.#unreadable]) if (!seen.has(key)) this.#drop(key)
    this.#version = version
    this.#hear()
    onListed()
  }

  async #pages(signal: AbortSignal): Promise<{ seen: Set<string>; version: string }> {
    const { api, kind } = this.#options
    const seen = new Set<string>()
    let next = ''
    while (true) {
      const page = await api.list(kind.path, next, signal)
      for (const item of page.items) seen.add(this.#put(item))
      next = page.next
      if (next === '') return { seen, version: page.resourceVersion }
    }
  }

  async #watch(version: string, signal: AbortSignal): Promise<void> {
    const { api, kind, clock, random } = this.#options
    const seconds = Math.ceil(WATCH_SECONDS * (1 + random()))
    const startedAt = clock.elapsed()
    const open = (): void => {
      this.#isWatching = true
      this.#hear()
    }
    try {
      await api.watch(kind.path, version, seconds, signal, open, (event) => this.#take(event))
      if (this.#version === version && clock.elapsed() - startedAt < SHORT_WATCH_MS) this.#failures++
    } finally {
      this.#isWatching = false
    }
  }

  #take({ type, object }: WatchEvent): void {
    const { path } = this.#options.kind
    if (type === 'ERROR') throw statusError(object, path)
    if (type === 'BOOKMARK') this.#version = v.parse(bookmarkSchema, object).metadata.resourceVersion
    else this.#version = type === 'DELETED' ? this.#delete(object) : this.#update(object)
    this.#hear()
    this.#failures = 0
  }

  #update(raw: unknown): string {
    this.#put(raw)
    return v.parse(identitySchema, raw).metadata.resourceVersion
  }

  #delete(raw: unknown): string {
    const { metadata } = v.parse(identitySchema, raw)
    this.#drop(objectKey(this.#options.kind.kind, metadata.namespace, metadata.name))
    return metadata.resourceVersion
  }

  /** @returns the object's key. @throws ValiError when it has no name. */
  #put(raw: unknown): string {
    const { kind, onChange } = this.#options
    const { metadata } = v.parse(identitySchema, raw)
    const key = objectKey(kind.kind, metadata.namespace, metadata.name)
    const isKnown = metadata.resourceVersion !== '' && this.#held.get(key) === metadata.resourceVersion
    if (isKnown) return key
    // Items of a list have no type of their own. Parsing strips them to what is used.
    const parsed = parseObject({ ...Object(raw), apiVersion: kind.apiVersion, kind: kind.kind })
    if (parsed.type !== 'object') {
      this.#drop(key)
      this.#unreadable.add(key)
      onChange({
        type: 'found',
        facet: `object ${key}`,
        problems: parsed.type === 'problems' ? parsed.problems : [],
      })
      return key
    }
    if (this.#unreadable.delete(key)) onChange({ type: 'found', facet: `object ${key}`, problems: [] })
    this.#held.set(key, metadata.resourceVersion)
    onChange({ type: 'put', object: parsed.object })
    return key
  }

  #drop(key: string): void {
    const { onChange } = this.#options
    if (this.#held.delete(key)) onChange({ type: 'delete', key })
    if (this.#unreadable.delete(key)) onChange({ type: 'found', facet: `object ${key}`, problems: [] })
  }

  #fail(error: unknown): void {
    this.#failures++
    const status = error instanceof KubeError ? error.status : 0
    // 410: the server no longer knows our version, which is ordinary. What it will not serve at all, it may list.
    const mustList = !isPassing(error) || this.#failures >= MAX_WATCH_FAILURES
    if (mustList) this.#version = undefined
    if (status !== 410) this.#options.onTrouble(error instanceof Error ? error : new Error(String(error)))
  }

  #hear(): void {
    this.#heardAt = this.#options.clock.now()
  }

  #backoffMs(): number {
    const longest = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** this.#failures)
    return longest * (0.5 + this.#options.random() / 2)
  }
}

/** A lost connection, or a server that is busy or starting: the version we hold is still good. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false
  return [0, 429, 500, 502, 503].includes(error.status)
}
