import { judgeByName } from '../model/judge-by-name.ts'
import type { Framing } from './framing.ts'
import { isFieldValue, isToken } from './octets.ts'
import { WireError } from './wire-error.ts'

/**
 * Fields as lines. `what` is being written: "a request".
 * @throws WireError for what a recipient could read as anything but these fields, and for those that are ours: they
 * would contradict our framing or keep the connection, were they written twice
 */
export function formatFields(what: string, fields: readonly string[], framing: Framing): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]]
    const kind = kindOf(name)
    if (kind === 'invalid') {
      throw new WireError('field-name-invalid', `Cannot write ${what}: field ${JSON.stringify(name)}`)
    }
    if (!isFieldValue(value)) {
      throw new WireError('field-value-invalid', `Cannot write ${what}: value of field ${name}`)
    }
    if (kind === 'free') text += `${name}: ${value}\r\n`
    else if (!isLength(name, value, framing)) {
      throw new WireError('field-ours', `Cannot write ${what}: field ${name} is ours`)
    }
  }
  return text
}

/** A length may be among the fields when it is the framing's, which is written: `007` (RFC 9110 §8.6) goes on as `7`. */
function isLength(name: string, value: string, framing: Framing): boolean {
  if (name.length !== 14 || framing.kind !== 'fixed') return false
  return value === String(framing.length) || (/^0\d+$/.test(value) && Number(value) === framing.length)
}

const OURS: ReadonlySet<string> = new Set([
  'te',
  'trailer',
  'upgrade',
  'connection',
  'keep-alive',
  'content-length',
  'proxy-connection',
  'transfer-encoding',
])

const kindOf = judgeByName((name): 'free' | 'ours' | 'invalid' => {
  if (!isToken(name)) return 'invalid'
  return OURS.has(name.toLowerCase()) ? 'ours' : 'free'
})

export function formatFraming(what: string, framing: Framing): string {
  switch (framing.kind) {
    case 'none':
    case 'until-close':
      return ''
    case 'fixed':
      if (!Number.isSafeInteger(framing.length) || framing.length < 0) {
        throw new WireError('length-invalid', `Cannot write ${what}: length ${framing.length}`)
      }
      return `Content-Length: ${framing.length}\r\n`
    case 'chunked':
      return 'Transfer-Encoding: chunked\r\n'
  }
}

const NO_BODY = { kind: 'none' } as const

/**
 * The last chunk, and the fields after it.
 * @throws WireError
 */
export function formatLastChunk(trailers: readonly string[]): string {
  return trailers.length === 0 ? '0\r\n\r\n' : `0\r\n${formatFields('trailers', trailers, NO_BODY)}\r\n`
}
