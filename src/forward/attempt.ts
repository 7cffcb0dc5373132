import type { AttemptErrorCode } from '../model/errors.ts'

export interface AttemptFailure {
  readonly code: AttemptErrorCode
  /** Whether a byte of the request may have reached the endpoint. */
  readonly wasSent: boolean
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

/**
 * What comes back, never before {@link Dialer.attempt} has returned. Exactly one of onEnd, onUpgrade and onError is
 * called last, and nothing after abort().
 */
export interface AttemptEvents<Socket> {
  /** 103 Early Hints (RFC 8297), any number before the head. Other interim responses are not passed on. */
  onHint(headers: readonly string[]): void
  /** [name, value, …] as the endpoint sent them, framing and hop-by-hop fields removed. */
  onHead(status: number, headers: readonly string[]): void
  /** @returns false to pause until {@link Attempt.resume}. */
  onData(chunk: Uint8Array): boolean
  onEnd(trailers: readonly string[]): void
  onUpgrade(headers: readonly string[], socket: Socket): void
  onError(failure: AttemptFailure): void
}

export interface Attempt {
  resume(): void
  abort(): void
}

/** One way to reach endpoints. */
export interface Dialer<Body, Socket> {
  attempt(request: AttemptRequest<Body>, events: AttemptEvents<Socket>): Attempt
}
