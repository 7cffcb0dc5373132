import type { MinBodyRate } from './body-pace.ts'
import type { WireBounds } from './bounds.ts'
import type { Deadlines } from './deadlines.ts'
import type { Refusal } from './response-text.ts'
import type { RequestFailure } from './server-handler.ts'
import type { WireError } from './wire-error.ts'

export interface ServerTimeouts {
  /** From a head's first byte to its last. */
  readonly headMs: number
  /** Between requests, and before the first. */
  readonly idleMs: number
  /** How long a body that is wanted may stand still, or an answer's end with a client that does not read; 0: without end. */
  readonly stallMs: number
  /** How long a client may go on sending after its last answer. */
  readonly lingerMs: number
}

/** How long the clients of a listener may take. */
export interface ServerPatience {
  readonly timeouts: ServerTimeouts
  readonly minBodyRate: MinBodyRate
  readonly deadlines: Deadlines
}

/** What all connections of a listener share. */
export interface ServerParts<Exchange, Connection> extends ServerPatience {
  readonly bounds: WireBounds
  /** A client that ends its side, its request sent, has left; otherwise it may wait for its answer. */
  readonly endIsLeaving: boolean
  /** Whoever takes the request on sets its handler before this returns. */
  readonly onRequest: (exchange: Exchange, connection: Connection) => void
  /** The answer to what cannot be read as a request; undefined closes without one. */
  refuse(failure: RequestFailure, cause: WireError | undefined, connection: Connection): Refusal | undefined
  /** Called once. After an upgrade it tells of the end of what follows. */
  onClose(connection: Connection): void
}
