import type { Bid, Lease } from './election.ts'

/** The one Lease that an election is about, as an API server keeps it. */
export interface Leases {
  /** As it is now, not as some cache has it; with the version to watch from. */
  read(signal: AbortSignal): Promise<{ readonly lease: Lease | undefined; readonly version: string }>
  /** Tells each change after a version, until the server ends the watch. */
  watch(version: string, signal: AbortSignal, onLease: (lease: Lease | undefined) => void): Promise<void>
  /**
   * @param now ms since the Unix epoch, for people to read
   * @returns what was written; 'refused' when the Lease is no longer as the bid has it
   */
  write(bid: Bid, now: number, signal: AbortSignal): Promise<Lease | 'refused'>
}
