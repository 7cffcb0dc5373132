/** A pair of streams: what is written to one is read from the other, and a write ends when it has been read. */
export interface PipeEnds {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/** Makes a pipe. A length that is known goes on as Content-Length, which some platforms write for such streams only. */
export type Pipe = (length: number | undefined) => PipeEnds

/** What a platform of web-standard requests lends to one request. */
export interface RequestContext {
  /** Keeps the platform from ending the work when the response has gone. */
  waitUntil(work: Promise<unknown>): void
}
