import type { AttemptErrorCode } from '../model/errors.ts'

export interface AttemptFailure {
  readonly code: AttemptErrorCode
  /** Whether a byte of the request may have reached the endpoint. */
  readonly wasSent: boolean
  /** The connection had served others before: that it was lost may mean no more than that it had idled too long. */
  readonly wasReused?: boolean
  readonly cause: unknown
}

/** What goes to an endpoint. The head is ours: nothing in it is passed through unread. */
export interface AttemptRequest<Body> {
  readonly address: string
  readonly port: number
  readonly method: string
  /** Path and query, as the endpoint shall see them. */
  readonly path: string
  /** [name, value, …] without framing or hop-by-hop fields; Host and Content-Length included. */
  readonly headers: readonly string[]
  /** Null when the request has none. */
  readonly body: Body | null
  /** `websocket` to ask for an upgrade. */
  readonly upgrade: string | undefined
  /** RFC 9110 §9.2.2: others avoid connections that have idled. */
  readonly isIdempotent: boolean
}
