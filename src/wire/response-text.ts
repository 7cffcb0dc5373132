import type { Framing } from './framing.ts'
import { formatFields, formatFraming } from './head-text.ts'
import { isFieldValue, isToken } from './octets.ts'
import { WireError } from './wire-error.ts'

export interface ResponseToWrite {
  /** 100 to 599. */
  readonly status: number
  readonly reason: string
  /**
   * [name, value, …], one character for one byte; without framing and connection fields: they are ours. The framing's
   * own length may be among them.
   */
  readonly fields: readonly string[]
  /** What the head says of the body. After HEAD, and with 304, that is another's (RFC 9110 §8.6). */
  readonly framing: Framing
  /** '' says nothing, which HTTP/1.1 takes for `keep-alive`. */
  readonly connection: '' | 'close' | 'keep-alive'
}

/**
 * A response's head as text, one character for one byte.
 * @throws WireError for what a recipient could read as anything but this one response
 */
export function formatResponseHead({ status, reason, fields, framing, connection }: ResponseToWrite): string {
  const lines = formatFields('a response', fields, framing) + formatFraming('a response', framing)
  const option = connection === '' ? '' : `Connection: ${connection}\r\n`
  return `${formatStatusLine(status, reason)}${lines}${option}\r\n`
}

/** An answer to what is no request. */
export interface Refusal {
  readonly status: number
  readonly reason: string
  /** [name, value, …] */
  readonly fields: readonly string[]
  readonly body: Uint8Array
}

/** The last response of a connection. @throws WireError */
export function formatRefusalHead({ status, reason, fields, body }: Refusal): string {
  const framing = { kind: 'fixed', length: body.length } as const
  return formatResponseHead({ status, reason, fields, framing, connection: 'close' })
}

/** An interim response: no body follows it. @throws WireError */
export function formatInterimHead(status: number, reason: string, fields: readonly string[]): string {
  return formatResponseHead({ status, reason, fields, framing: { kind: 'none' }, connection: '' })
}

/** 101, after which the connection speaks `protocol`. @throws WireError */
export function formatUpgradeHead(protocol: string, fields: readonly string[]): string {
  if (!isToken(protocol)) {
    throw new WireError('upgrade-invalid', `Cannot write a response: upgrade to "${protocol}"`)
  }
  const lines = formatFields('a response', fields, { kind: 'none' })
  return `${formatStatusLine(101, 'Switching Protocols')}${lines}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`
}

function formatStatusLine(status: number, reason: string): string {
  if (Number.isInteger(status) && status >= 100 && status <= 599 && isFieldValue(reason)) {
    return `HTTP/1.1 ${status} ${reason}\r\n`
  }
  throw new WireError('status-line-invalid', `Cannot write a response: status ${status}`)
}
