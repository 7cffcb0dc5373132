/** How much of a message may be anything but its content. */
export interface WireBounds {
  /** Of one head: start line, fields, CRLFs. An interim response has a head of its own. */
  readonly headBytes: number
  readonly fields: number
  /** 1xx responses before the final one. */
  readonly interims: number
  /** One chunk's line: size and extensions. */
  readonly chunkLineBytes: number
  /** All chunk extensions of a body: without a bound, a body could cost many times what it carries. */
  readonly extensionBytes: number
  readonly trailerBytes: number
}

/** The head's size is Node's own, so that one endpoint gets one verdict from every gateway. */
export const wireBounds: WireBounds = {
  headBytes: 16_384,
  fields: 256,
  interims: 16,
  chunkLineBytes: 1024,
  extensionBytes: 16_384,
  trailerBytes: 8192,
}
