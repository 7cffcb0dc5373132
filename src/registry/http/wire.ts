import * as v from 'valibot'
import { formatPosition, type Position } from '../../model/position.ts'
import { type Head, positionSchema } from '../head.ts'
import type { Entry, StoredRecord } from '../port.ts'

// What a relay and those who read it say to each other over HTTP (docs/relay.md). Heads go as their texts: who signed
// them is for the reader to verify.

/** The newest head, on every answer that has one: also on 304, where what was read before stands at this head too. */
export const HEAD_FIELD = 'postern-head'
export const JSON_TYPE = 'application/json'
export const LINES_TYPE = 'application/x-ndjson'
export const EVENTS_TYPE = 'text/event-stream'

export const hostPath = (host: string): string => `v1/hosts/${encodeURIComponent(host)}`
export const REGISTRY_PATH = 'v1/registry'
export const changesPath = (after: Position, isHints: boolean): string =>
  `v1/changes?after=${formatPosition(after)}${isHints ? '&hints' : ''}`

/** How often a relay says something at least to those who wait for changes. */
export const KEEP_ALIVE_MS = 15_000

/** A full load: the head (null for an empty registry), a line a record, and the count, so that a cut is seen. */
export const headLineSchema = v.object({ head: v.nullable(v.string()) })
export const recordLineSchema = v.tuple([v.string(), v.string(), v.string()])
export const endLineSchema = v.object({ count: v.number() })

/** Event `entry`. */
export const entrySchema = v.object({
  head: v.string(),
  previous: positionSchema,
  changes: v.union([v.literal('reload'), v.array(v.tuple([v.string(), v.string(), v.nullable(v.string())]))]),
})

/** Event `hint`. */
export const hintSchema = v.object({
  head: v.string(),
  owners: v.union([v.literal('reload'), v.array(v.string())]),
})

export function encodeEntry({ head, previous, changes }: Entry): string {
  const tuples = changes === 'reload' ? changes : changes.map(({ kind, key, text }) => [kind, key, text])
  return JSON.stringify({ head: head.text, previous, changes: tuples })
}

export function decodeEntry(
  { previous, changes }: Omit<v.InferOutput<typeof entrySchema>, 'head'>,
  head: Head,
): Entry {
  if (changes === 'reload') return { head, previous, changes }
  return { head, previous, changes: changes.map(([kind, key, text]) => ({ kind, key, text })) }
}

export function recordLine({ kind, key, text }: StoredRecord): string {
  return `${JSON.stringify([kind, key, text])}\n`
}

/** Weak: bodies with the same records may carry different heads. */
export function etagOf(root: string): string {
  return `W/"${root}"`
}

/** Whether If-None-Match names the root (RFC 9110 §13.1.2). */
export function matchesEtag(field: string | undefined, root: string): boolean {
  return (field ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${root}"`)
}

/** A head as a field's value: a signed one as it is, one of JSON in base64url. */
export function encodeHeadField({ text }: Head): string {
  if (!text.startsWith('{')) return text
  const bytes = new TextEncoder().encode(text)
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** @returns the head's text; undefined when the field is none. */
export function decodeHeadField(field: string | null): string | undefined {
  if (field === null || !/^[\w.-]{1,4096}$/.test(field)) return undefined
  if (field.includes('.')) return field
  try {
    const binary = atob(field.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return undefined
  }
}
