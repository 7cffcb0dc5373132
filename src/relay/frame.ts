import { formatPosition, type Position } from '../model/position.ts'
import { encodeEntry } from '../registry/http/wire.ts'
import { ownerOf } from '../registry/owner.ts'
import type { Entry } from '../registry/port.ts'

/** Which stream a follower asked for: whole entries, or only which leaves they touched. */
export type Variant = 'entries' | 'hints'

/**
 * Deflates bytes to whole blocks (RFC 1951) that refer to nothing before them and end at a byte, none of them the last
 * one: so that the same bytes fit into every follower's stream.
 */
export type Deflate = (bytes: Uint8Array) => Uint8Array

/** Bytes of a stream of events, the same ones for every follower. */
export class Frame {
  readonly plain: Uint8Array
  #deflated: Uint8Array | undefined

  constructor(text: string) {
    this.plain = new TextEncoder().encode(text)
  }

  deflated(deflate: Deflate): Uint8Array {
    this.#deflated ??= deflate(this.plain)
    return this.#deflated
  }
}

/** One entry, serialised once. */
export interface LoggedEntry {
  readonly position: Position
  readonly frames: Readonly<Record<Variant, Frame>>
}

export function logEntry(entry: Entry): LoggedEntry {
  const { position } = entry.head
  const id = formatPosition(position)
  return {
    position,
    frames: {
      entries: new Frame(`id: ${id}\nevent: entry\ndata: ${encodeEntry(entry)}\n\n`),
      hints: new Frame(`id: ${id}\nevent: hint\ndata: ${encodeHint(entry)}\n\n`),
    },
  }
}

function encodeHint({ head, changes }: Entry): string {
  const owners =
    changes === 'reload' ? changes : [...new Set(changes.map(({ kind, key }) => ownerOf(kind, key)))]
  return JSON.stringify({ head: head.text, owners })
}
