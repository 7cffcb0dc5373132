import { judgeByName } from '../model/judge-by-name.ts'
import { isToken } from './octets.ts'
import { WireError } from './wire-error.ts'

const SP = 0x20
const HTAB = 0x09

/** The field lines of a head or of trailers, until the empty line, and what they say of framing and connection. */
export class FieldSection {
  /** [name, value, …], one character for one byte. */
  readonly fields: string[] = []
  readonly #maxFields: number
  /** Content-Length: how many there were, and the last. */
  lengths = 0
  length = ''
  /** Transfer-Encoding, likewise. */
  codings = 0
  coding = ''
  /** Connection, Upgrade and Expect: all values, joined with commas; '' when there is none. */
  connection = ''
  upgrade = ''
  expect = ''
  /** Keep-Alive: the last. */
  keepAlive = ''

  constructor(maxFields: number) {
    this.#maxFields = maxFields
  }

  /**
   * Reads the line from `start` to `end`, which holds no control byte but HTAB.
   * @returns whether this line was the empty one, which ends the section
   * @throws WireError
   */
  add(text: string, start: number, end: number): boolean {
    if (start === end) return true
    const colon = text.indexOf(':', start)
    if (colon <= start || colon >= end) throw nameError(text, start)
    const { name, role } = nameOf(text.slice(start, colon))
    if (role === 'invalid') throw nameError(text, start)
    if (this.fields.length >= 2 * this.#maxFields) {
      throw new WireError('fields-too-many', `Cannot read a field: more than ${this.#maxFields}`)
    }
    const value = trimmed(text.slice(text.charCodeAt(colon + 1) === SP ? colon + 2 : colon + 1, end))
    this.fields.push(name, value)
    if (role !== 'other') this.#note(role, value, text, colon, end)
    return false
  }

  #note(role: FramingRole, value: string, text: string, colon: number, end: number): void {
    switch (role) {
      case 'expect':
        this.expect = joined(this.expect, value)
        break
      case 'upgrade':
        this.upgrade = joined(this.upgrade, value)
        break
      case 'connection':
        this.connection = joined(this.connection, value)
        break
      case 'keep-alive':
        this.keepAlive = value
        break
      case 'content-length':
        this.lengths++
        this.length = value
        break
      case 'transfer-encoding':
        checkCodingSpace(text, colon, end)
        this.codings++
        this.coding = value
    }
  }
}

const ROLES = [
  'expect',
  'upgrade',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
] as const
type FramingRole = (typeof ROLES)[number]

/** The name as one text for all fields that have it: what it is looked up by has been hashed. */
interface JudgedName {
  readonly name: string
  readonly role: FramingRole | 'other' | 'invalid'
}

const nameOf = judgeByName((name): JudgedName => {
  if (!isToken(name)) return { name, role: 'invalid' }
  const lower = name.toLowerCase()
  return { name, role: ROLES.find((role) => role === lower) ?? 'other' }
})

/** Without the spaces and tabs around it (RFC 9110 §5.5). */
function trimmed(value: string): string {
  return isSpace(value.charCodeAt(0)) || isSpace(value.charCodeAt(value.length - 1)) ? trim(value) : value
}

function trim(value: string): string {
  let [from, to] = [0, value.length]
  while (from < to && isSpace(value.charCodeAt(from))) from++
  while (to > from && isSpace(value.charCodeAt(to - 1))) to--
  return value.slice(from, to)
}

function nameError(text: string, start: number): WireError {
  // RFC 9112 §5.2: a fold here could be one field for us and two for the next reader.
  if (isSpace(text.charCodeAt(start))) {
    return new WireError('field-folded', 'Cannot read a field: its line begins with space')
  }
  // RFC 9112 §5.1: space before the colon has been used to smuggle; it is no token either.
  return new WireError('field-name-invalid', 'Cannot read a field: its name is no token')
}

/** Node does not see `chunked` before an HTAB, others do: readers that differ find different ends. */
function checkCodingSpace(text: string, colon: number, end: number): void {
  const tab = text.indexOf('\t', colon)
  if (tab === -1 || tab >= end) return
  throw new WireError('coding-invalid', 'Cannot read a field: HTAB in Transfer-Encoding')
}

function isSpace(code: number): boolean {
  return code === SP || code === HTAB
}

function joined(before: string, value: string): string {
  return before === '' ? value : `${before},${value}`
}

/** Whether a list such as Connection's names this option. `lower` is in lower case. */
export function hasOption(list: string, lower: string): boolean {
  if (list.length < lower.length) return false
  if (list.length === lower.length) return list.toLowerCase() === lower
  if (!list.includes(',')) return false
  return list.split(',').some((one) => one.trim().toLowerCase() === lower)
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
