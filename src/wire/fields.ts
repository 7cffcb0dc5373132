import { isToken, trimSpace } from './octets.ts'
import { WireError } from './wire-error.ts'

/** Takes the field lines of a head or of trailers, until the empty line. */
export class FieldSection {
  /** [name, value, …], one character for one byte. */
  readonly fields: string[] = []
  readonly #maxFields: number

  constructor(maxFields: number) {
    this.#maxFields = maxFields
  }

  /**
   * @returns whether this line was the empty one, which ends the section
   * @throws WireError
   */
  add(line: string): boolean {
    if (line === '') return true
    const first = line.charCodeAt(0)
    // RFC 9112 §5.2: a fold here could be one field for us and two for the next reader.
    if (first === 0x20 || first === 0x09) {
      throw new WireError('field-folded', 'Cannot read a field: its line begins with space')
    }
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon))
    // RFC 9112 §5.1: space before the colon has been used to smuggle; it is no token either.
    if (!isToken(name)) throw new WireError('field-name-invalid', 'Cannot read a field: its name is no token')
    // Node does not see `chunked` before an HTAB, others do: readers that differ find different ends.
    if (line.includes('\t') && name.toLowerCase() === 'transfer-encoding') {
      throw new WireError('coding-unsupported', 'Cannot read a field: HTAB in Transfer-Encoding')
    }
    if (this.fields.length >= 2 * this.#maxFields) {
      throw new WireError('fields-too-many', `Cannot read a field: more than ${this.#maxFields}`)
    }
    this.fields.push(name, trimSpace(line.slice(colon + 1)))
    return false
  }
}

/** Every value of a field, in order. `lower` is the name in lower case. */
export function valuesOf(fields: readonly string[], lower: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (name.length === lower.length && name.toLowerCase() === lower) values.push(fields[i + 1] ?? '')
  }
  return values
}
