import type { ErrorCode } from '../model/errors.ts'

/** Why a request cannot be completed, or could not be read. */
export type RequestFailure = Extract<
  ErrorCode,
  | 'request-invalid'
  | 'request-target-too-long'
  | 'request-head-too-large'
  | 'request-timeout'
  | 'coding-unsupported'
  | 'client-closed'
>

/** Who answers a request: what its connection tells it. */
export interface RequestHandler {
  /**
   * A piece of the body, after {@link ServerExchange.resume}; a view of what was read, never empty.
   * @returns false to pause until the next resume()
   */
  onBody(data: Uint8Array): boolean
  /** The body is whole. Not called for a request without one. */
  onBodyEnd(trailers: readonly string[]): void
  /** The client keeps up again, after a write that has returned false. */
  onDrain(): void
  /**
   * The rest of the request will not come. Unless the client has gone, it may still be answered when no answer has
   * begun. At most once.
   */
  onFail(failure: RequestFailure): void
  /** The last call, and always made: the answer's last byte is with the kernel, or the connection is gone. */
  onOver(): void
}

/** Until somebody else has taken a request on. */
export const nobody: RequestHandler = {
  onBody: () => true,
  onBodyEnd() {},
  onDrain() {},
  onFail() {},
  onOver() {},
}
