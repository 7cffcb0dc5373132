/** What one gateway has admitted for one key since it last said so. */
export interface Taken {
  /** A name that says nothing of the client. */
  readonly key: string
  readonly count: number
}

/** Where gateways count together. */
export interface RateStore {
  /**
   * Adds what was taken of the keys of one service.
   * @returns of each, how far its theoretical arrival time lies ahead now, in milliseconds
   * @throws Error when the store does not answer
   */
  add(service: string, intervalMs: number, taken: readonly Taken[]): Promise<readonly number[]>
  /** @throws Error when the store does not answer */
  ping(): Promise<void>
}
