import { deepStrictEqual } from 'node:assert'
import { BodyReader } from '../../src/wire/body-reader.ts'
import { type WireBounds, wireBounds } from '../../src/wire/bounds.ts'
import { decodeOctets, encodeOctets } from '../../src/wire/octets.ts'
import { type ReceivedRequest, RequestHeadParser } from '../../src/wire/request-parser.ts'
import { WireError } from '../../src/wire/wire-error.ts'
import { cut } from './read.ts'

export interface RequestReading {
  readonly head: ReceivedRequest
  readonly body: string
  readonly trailers: readonly string[]
}

export interface ConnectionReading {
  /** Whole requests, in order. */
  readonly requests: readonly RequestReading[]
  /** The head of a request whose body is not whole. */
  readonly begun: ReceivedRequest | undefined
  readonly error: string | undefined
}

/** What the parsers make of all bytes of a connection, until it would be closed or become something else. */
export function readRequests(
  text: string,
  cuts: readonly number[] = [],
  bounds: WireBounds = wireBounds,
): ConnectionReading {
  const reader = new Reader(bounds)
  let error: string | undefined
  try {
    for (const chunk of cut(encodeOctets(text), cuts)) reader.feed(chunk)
  } catch (caught) {
    if (!(caught instanceof WireError)) throw caught
    error = caught.code
  }
  return { requests: reader.requests, begun: reader.begun, error }
}

/** Whole, at every place in two, and byte by byte: always with the same outcome. */
export function readEveryWay(text: string): ConnectionReading {
  const whole = readRequests(text)
  for (let at = 1; at < text.length; at++) deepStrictEqual(readRequests(text, [at]), whole, `cut at ${at}`)
  deepStrictEqual(
    readRequests(
      text,
      Array.from({ length: text.length }, (_, i) => i),
    ),
    whole,
  )
  return whole
}

class Reader {
  readonly requests: RequestReading[] = []
  readonly #bounds: WireBounds
  #parser: RequestHeadParser
  #body: BodyReader | undefined
  #text = ''
  #isOver = false
  begun: ReceivedRequest | undefined

  constructor(bounds: WireBounds) {
    this.#bounds = bounds
    this.#parser = new RequestHeadParser(bounds, decodeOctets)
  }

  feed(chunk: Uint8Array): void {
    let at = 0
    while (!this.#isOver && at < chunk.length) {
      if (this.#body === undefined) {
        at = this.#parser.feed(chunk, at)
        this.begun = this.#parser.head
        if (at === -1 || this.begun === undefined) return
        this.#body = new BodyReader(this.begun.framing, this.#bounds, decodeOctets)
      } else {
        at = this.#readBody(chunk, at, this.#body)
      }
      this.#finish()
    }
  }

  #readBody(chunk: Uint8Array, at: number, body: BodyReader): number {
    const data: Uint8Array[] = []
    try {
      return body.feed(chunk, at, data)
    } finally {
      this.#text += data.map((bytes) => decodeOctets(bytes)).join('')
    }
  }

  #finish(): void {
    if (this.#body?.isOver !== true || this.begun === undefined) return
    this.requests.push({ head: this.begun, body: this.#text, trailers: this.#body.trailers })
    this.#isOver = !this.begun.keepsAlive || this.begun.method === 'CONNECT'
    this.begun = this.#body = undefined
    this.#text = ''
    this.#parser = new RequestHeadParser(this.#bounds, decodeOctets)
  }
}
