import { formatPosition, parsePosition } from '../../model/position.ts'
import type { HeadReader } from '../head.ts'
import { type Entry, RegistryError, type StoredChange } from '../port.ts'

/** Fields of an entry before its changes: head, previous, at, bytes, each with its value. */
const FIXED = 8

/** Reads one entry of the stream: written by us, or by whoever owns Redis. @throws RegistryError */
export async function readEntry(
  id: string,
  fields: readonly string[],
  cluster: string,
  heads: HeadReader,
): Promise<Entry> {
  const fail = (what: string): RegistryError =>
    new RegistryError('invalid', `Cannot read entry ${id} of cluster "${cluster}": ${what}`)
  const previous = parsePosition(fixedField(fields, 'previous'))
  const head = await heads.read(fixedField(fields, 'head'), cluster, `entry ${id}`)
  if (previous === undefined) throw fail('it does not name the entry before it')
  if (formatPosition(head.position) !== id) throw fail(`its head is at ${formatPosition(head.position)}`)
  const rest = fields.slice(FIXED)
  if (rest[0] === 'reload') return { head, previous, changes: 'reload' }
  const changes: StoredChange[] = []
  for (let i = 0; i < rest.length; i += 4) {
    const [kind, key, op, text] = rest.slice(i, i + 4)
    if (kind === undefined || key === undefined || text === undefined) throw fail('a change is cut short')
    if (op !== '+' && op !== '-') throw fail(`"${op}" is neither a write nor a deletion`)
    changes.push({ kind, key, text: op === '+' ? text : null })
  }
  return { head, previous, changes }
}

function fixedField(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < Math.min(fields.length, FIXED); i += 2) if (fields[i] === name) return fields[i + 1]
  return undefined
}
