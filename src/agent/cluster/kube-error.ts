import * as v from 'valibot'

const statusSchema = v.object({
  kind: v.literal('Status'),
  message: v.nullish(v.string(), ''),
  code: v.nullish(v.number(), 0),
})

/** What a server says goes into a log: as one line, and not as a long one. */
const MAX_SAID_CHARS = 500

/** The API server said no, or something that is no answer. */
export class KubeError extends Error {
  /** HTTP status, or the code of a Status object; 504 when an answer stopped in its midst, 0 when there was none. */
  readonly status: number
  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof KubeError && error.status === status
}

/** An answer that is no 200; the API server sends a Status with it, anyone in between whatever they like. */
export function refusal(action: string, statusCode: number, text: string): KubeError {
  return new KubeError(
    `Cannot ${action}: ${statusCode}: ${messageOf(text) || 'no reason is given'}`,
    statusCode,
  )
}

/** The error of an ERROR event, whose object is a Status. */
export function watchEnded(action: string, object: unknown): KubeError {
  const status = v.safeParse(statusSchema, object)
  return status.success
    ? new KubeError(`Cannot ${action}: ${printable(status.output.message)}`, status.output.code)
    : new KubeError(`Cannot ${action}: it ended with an error that cannot be read`, 0)
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A connection that fails on every address of a name has its reasons inside, and no message of its own.
  const inner = error instanceof AggregateError ? error.errors.map(reasonOf).join('; ') : ''
  return error.message === '' ? inner || error.name : error.message
}

function messageOf(text: string): string {
  try {
    const status = v.safeParse(statusSchema, JSON.parse(text))
    if (status.success) return printable(status.output.message)
  } catch {
    // Not from the API server, or not from one in its right mind: the text as it is.
  }
  return printable(text)
}

function printable(text: string): string {
  return text
    .slice(0, MAX_SAID_CHARS)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
}
