import type { Position } from '../model/position.ts'
import type { Head } from './head.ts'

/** A record as the registry holds it: canonical JSON under a kind and a key. */
export interface StoredRecord {
  readonly kind: string
  readonly key: string
  readonly text: string
}

/** A record written, or (null) deleted. */
export interface StoredChange {
  readonly kind: string
  readonly key: string
  readonly text: string | null
}

/** One publish, as followers see it. */
export interface Entry {
  readonly head: Head
  /** Position of the entry before this one; an entry applies only after it. */
  readonly previous: Position
  /** Empty for a heartbeat; `reload` when the publish was whole. */
  readonly changes: readonly StoredChange[] | 'reload'
}

/** What a load read. It may be torn between positions: replay the entries after `before`. */
export interface Load {
  /** The head read before the records; undefined when the registry is empty. */
  readonly before: Head | undefined
  readonly records: readonly StoredRecord[]
  /** The head read after the records: the load is whole once replay has reached it. */
  readonly after: Head | undefined
}

export type RegistryErrorCode = 'unreachable' | 'invalid'

/** A registry that cannot be read or written. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode
  constructor(code: RegistryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What a follower needs. Every driver passes the suite in test/contract/registry.ts. */
export interface RegistryReader {
  /** @throws RegistryError */
  load(signal: AbortSignal): Promise<Load>
  /**
   * Entries after a position, in order, waiting for more until aborted.
   * Yields 'gap' (and ends) when the entry after `position` is no longer held, and when the registry is behind it.
   * @throws RegistryError
   */
  entries(position: Position, signal: AbortSignal): AsyncIterable<Entry | 'gap'>
}

export interface Publish {
  /** The position that the writer believes is current; undefined for an empty registry. */
  readonly expected: Position | undefined
  /** The head to write: `position` greater than `expected`. */
  readonly head: Head
  readonly changes: readonly StoredChange[]
  /**
   * Replace everything: records that are not in `changes` are deleted, also ones that cannot be read. Otherwise
   * `changes` stay within {@link MAX_INCREMENT_BYTES} and {@link MAX_INCREMENT_CHANGES}.
   */
  readonly isWhole: boolean
}

/** A publish that is larger must be whole: followers then load instead of replaying it. */
export const MAX_INCREMENT_BYTES = 262_144
export const MAX_INCREMENT_CHANGES = 1_000

/** Bytes that changes take in a registry, about. */
export function sizeOf(changes: readonly StoredChange[]): number {
  return changes.reduce(
    (sum, { kind, key, text }) => sum + kind.length + key.length + (text === null ? 0 : byteLength(text)),
    0,
  )
}

/** In UTF-8, at most: what is not ASCII counts threefold. */
function byteLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range
  return /^[\x00-\x7f]*$/.test(text) ? text.length : text.length * 3
}

export type PublishResult =
  | { readonly ok: true }
  /** Another writer was there, or the registry lost writes: take a new epoch and publish everything. */
  | { readonly ok: false; readonly current: Position | undefined }

export interface RegistryWriter {
  /** Compares the position and writes, atomically. @throws RegistryError */
  publish(publish: Publish): Promise<PublishResult>
}

/** What one host needs of a registry, as a relay gives it: nobody who serves one host has to hold all of them. */
export type HostRead =
  | {
      readonly type: 'bundle'
      readonly head: Head
      /** Names what was read; given back, it spares reading the same again. */
      readonly etag: string
      /**
       * Proven against the head: the route of the host (exact, else its longest wildcard) and all that it leads to:
       * services with every slice, policies, and the nodes where a NodePort is asked for. Empty: nothing is exposed there.
       */
      readonly records: readonly StoredRecord[]
    }
  /** What was read under the etag stands as it was at this head too. */
  | { readonly type: 'unchanged'; readonly head: Head }

/** One publish, for those who hold only some hosts: which leaves of the hash tree it touched (registry/owner.ts). */
export interface Hint {
  readonly head: Head
  readonly owners: readonly string[] | 'reload'
}

/** Reads a registry host by host. */
export interface HostReader {
  /** @throws RegistryError when there is no answer, or one that does not prove itself */
  readHost(host: string, etag: string | undefined, signal: AbortSignal): Promise<HostRead>
  /** Publishes after a position as they come, until aborted or cut. Only hints: what matters is read and proven again. */
  hints(position: Position, signal: AbortSignal): AsyncIterable<Hint | 'gap'>
}
