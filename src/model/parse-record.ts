import * as v from 'valibot'
import { printable } from './printable.ts'
import { type PosternRecord, type RecordKind, recordSchemas } from './records.ts'

export type RecordParse = { ok: true; record: PosternRecord } | { ok: false; reason: string }

/** How much of a record that cannot be read is repeated. A key names two objects and a port at most. */
const MAX_NAME = 600
const MAX_REASON = 200

/** Reads one record as a registry holds it: JSON text under a kind and a key. */
export function parseRecord(kind: string, key: string, text: string): RecordParse {
  if (!isRecordKind(kind)) return { ok: false, reason: `unknown kind of record: "${printable(kind)}"` }
  const name = `${kind} ${printable(key, MAX_NAME)}`
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const why = holdsSecrets(kind) ? '' : `: ${printable(said, MAX_REASON)}`
    return { ok: false, reason: `${name} is not JSON${why}` }
  }
  const parsed = v.safeParse(recordSchemas[kind], json, { abortEarly: true })
  if (!parsed.success) {
    const issue = parsed.issues[0]
    const field = printable(v.getDotPath(issue) ?? '(root)', MAX_REASON)
    const why = holdsSecrets(kind) ? 'cannot be read' : printable(issue.message, MAX_REASON)
    return { ok: false, reason: `${name}, field ${field}: ${why}` }
  }
  // The schema was picked by the kind, which TypeScript cannot follow through the index.
  return { ok: true, record: { kind, key, value: parsed.output } as PosternRecord }
}

/** What is said of these repeats nothing of them: parsers quote what they trip over. */
function holdsSecrets(kind: RecordKind): boolean {
  return kind === 'certificate' || kind === 'credential'
}

export function isRecordKind(kind: string): kind is RecordKind {
  return Object.hasOwn(recordSchemas, kind)
}
