import { Buffer } from 'node:buffer'
import type { WireBounds } from './bounds.ts'
import { decodeLatin1 } from './latin1.node.ts'
import { type ReceivedRequest, RequestHeadParser } from './request-parser.ts'
import { WireError } from './wire-error.ts'

const NOTHING = Buffer.alloc(0)

/** What a client has sent, as far as it has been read off the socket, and how far it has been understood. */
export class RequestInput {
  readonly #bounds: WireBounds
  #parser: RequestHeadParser | undefined
  chunk: Buffer = NOTHING
  /** Where in the chunk what has not been understood begins. */
  at = 0

  constructor(bounds: WireBounds) {
    this.#bounds = bounds
  }

  get isEmpty(): boolean {
    return this.at >= this.chunk.length
  }

  get rest(): Buffer {
    return this.chunk.subarray(this.at)
  }

  /** A head has begun to come, and is not whole. */
  get isWithinHead(): boolean {
    return this.#parser?.isIdle === false
  }

  /** Nothing of another head has been read. */
  get isBeforeHead(): boolean {
    return this.#parser === undefined
  }

  /** Takes more. Only what comes while the rest waits is copied. */
  push(chunk: Buffer): void {
    this.chunk = this.isEmpty ? chunk : Buffer.concat([this.rest, chunk])
    this.at = 0
  }

  clear(): void {
    this.chunk = NOTHING
    this.at = 0
  }

  /** Reads a head, or as much of it as has come. @returns the head, or why there will be none */
  readHead(): ReceivedRequest | WireError | undefined {
    this.#parser ??= new RequestHeadParser(this.#bounds, decodeLatin1)
    try {
      const end = this.#parser.feed(this.chunk, this.at)
      this.at = end === -1 ? this.chunk.length : end
    } catch (error) {
      if (error instanceof WireError) return error
      throw error
    }
    const { head } = this.#parser
    if (head !== undefined) this.#parser = undefined
    return head
  }
}
