import { BodyReader } from './body-reader.ts'
import type { WireBounds } from './bounds.ts'
import { type DecodeOctets, decodeOctets, joinOctets } from './octets.ts'
import { type ResponseHead, ResponseHeadParser } from './response-head.ts'
import { WireError } from './wire-error.ts'

/**
 * What the parser has understood, in the order of the wire: interims, head, data, end; or interims, upgrade. A failure may
 * come instead of any of them, and is the last: what stands before it had come before it, however the bytes were split.
 */
export type ResponsePart =
  /** An interim response, such as 103 Early Hints (RFC 8297); never 101. */
  | { readonly kind: 'interim'; readonly head: ResponseHead }
  | { readonly kind: 'head'; readonly head: ResponseHead }
  /** Never empty. May be a view of what was fed. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  /** `rest` was fed beyond the end: it answers nothing, so a connection must not be used again after it. */
  | { readonly kind: 'end'; readonly trailers: readonly string[]; readonly rest: Uint8Array }
  /** 101, with what has come already of the new protocol. */
  | { readonly kind: 'upgrade'; readonly head: ResponseHead; readonly rest: Uint8Array }
  | { readonly kind: 'failed'; readonly error: WireError }

export interface ResponseParserOptions {
  readonly method: string
  /** The protocol that the request asked to change to. */
  readonly upgrade: string | undefined
  readonly bounds: WireBounds
  /** How the platform reads bytes as text, where it has something faster than ours. */
  readonly decode?: DecodeOctets
}

/** Reads the response to one request from bytes split anywhere. */
export class ResponseParser {
  readonly #options: ResponseParserOptions
  readonly #decode: DecodeOctets
  #headParser: ResponseHeadParser
  #body: BodyReader | undefined
  #interims = 0
  /** After the last part: nothing more is read. */
  isOver = false

  constructor(options: ResponseParserOptions) {
    this.#options = options
    this.#decode = options.decode ?? decodeOctets
    this.#headParser = new ResponseHeadParser(options.method, options.bounds, this.#decode)
  }

  /** @returns what the chunk has completed. The chunk is the parser's from now on: parts may be views of it. */
  feed(chunk: Uint8Array): ResponsePart[] {
    const parts: ResponsePart[] = []
    try {
      this.#read(chunk, parts)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#fail(error, parts)
    }
    return parts
  }

  /** The connection has ended: either that is the response's end, or it is incomplete. */
  finish(): ResponsePart[] {
    const parts: ResponsePart[] = []
    if (this.isOver) return parts
    if (this.#body === undefined) {
      this.#fail(new WireError('head-incomplete', 'Cannot read a response: it ended within its head'), parts)
    } else if (!this.#body.endsWithConnection) {
      this.#fail(new WireError('body-incomplete', 'Cannot read a response: it ended within its body'), parts)
    } else {
      this.isOver = true
      parts.push({ kind: 'end', trailers: [], rest: new Uint8Array() })
    }
    return parts
  }

  #fail(error: WireError, parts: ResponsePart[]): void {
    this.isOver = true
    parts.push({ kind: 'failed', error })
  }

  #read(chunk: Uint8Array, parts: ResponsePart[]): void {
    let at = 0
    while (this.#body === undefined && !this.isOver) {
      at = this.#headParser.feed(chunk, at)
      if (at === -1) return
      this.#readHead(chunk, at, parts)
    }
    if (this.#body === undefined || this.isOver) return
    const data: Uint8Array[] = []
    try {
      at = this.#body.feed(chunk, at, data)
    } finally {
      const bytes = joinOctets(data)
      if (bytes.length > 0) parts.push({ kind: 'data', bytes })
    }
    if (!this.#body.isOver) return
    this.isOver = true
    parts.push({ kind: 'end', trailers: this.#body.trailers, rest: chunk.subarray(at) })
  }

  #readHead(chunk: Uint8Array, at: number, parts: ResponsePart[]): void {
    const { head } = this.#headParser
    if (head === undefined) return
    const { method, bounds } = this.#options
    if (head.status === 101) {
      checkUpgrade(head, this.#options.upgrade)
      this.isOver = true
      parts.push({ kind: 'upgrade', head, rest: chunk.subarray(at) })
    } else if (head.status < 200) {
      this.#checkInterim(head)
      parts.push({ kind: 'interim', head })
      this.#headParser = new ResponseHeadParser(method, bounds, this.#decode)
    } else {
      this.#body = new BodyReader(head.framing, bounds, this.#decode)
      parts.push({ kind: 'head', head })
    }
  }

  #checkInterim({ keepsAlive }: ResponseHead): void {
    // A last response that is not the last: Node waits for no other after it.
    if (!keepsAlive) throw new WireError('interim-invalid', 'Cannot read a response: an interim one closes')
    if (++this.#interims <= this.#options.bounds.interims) return
    throw new WireError('interim-too-many', `Cannot read a response: more than ${this.#interims - 1} interim`)
  }
}

/** RFC 9110 §7.8: a server may only change to what it was asked for, and says which. */
function checkUpgrade(head: ResponseHead, asked: string | undefined): void {
  if (asked === undefined) {
    throw new WireError('upgrade-unasked', 'Cannot read a response: 101 that was not asked for')
  }
  if (head.upgrade === asked) return
  throw new WireError('upgrade-invalid', `Cannot read a response: 101 to "${head.upgrade}"`)
}
