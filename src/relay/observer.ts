/** What a client asked for. */
export type Resource = 'host' | 'registry' | 'changes' | 'unknown'

/** Why a stream of changes ended: the client went, it did not read, its place is no longer held, the relay stops. */
export type Leaving = 'left' | 'cut' | 'gap' | 'stopped'

/** Is told what a relay does, to count it. */
export interface RelayObserver {
  /** A response has begun. 401: a token was missing or wrong. */
  answered(resource: Resource, status: number): void
  followerJoined(): void
  followerLeft(reason: Leaving): void
}
