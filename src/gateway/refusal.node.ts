import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import type { Refusal } from '../wire/response-text.ts'
import type { RequestFailure } from '../wire/server-handler.ts'
import type { DateField } from './date-field.node.ts'
import { errorReply } from './reply.ts'

/** The answer to what is no request; none to a client that has left. */
export function refusal(failure: RequestFailure, date: DateField): Refusal | undefined {
  if (failure === 'client-closed') return undefined
  const { status, headers, body } = errorReply(failure, '')
  const fields = [...headers, 'Date', date.value]
  return { status, reason: STATUS_CODES[status] ?? '', fields, body: Buffer.from(body, 'latin1') }
}
