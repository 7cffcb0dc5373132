/** Where in a registry's history a follower is. */
export interface Position {
  /** The fencing number of the agent's term as leader. */
  readonly epoch: number
  /** Counts publishes within the epoch. */
  readonly revision: number
}

export const origin: Position = { epoch: 0, revision: 0 }

export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.revision - b.revision
}

export function formatPosition(position: Position): string {
  return `${position.epoch}-${position.revision}`
}

/** Of `<epoch>-<revision>`. */
export function parsePosition(text: string | undefined): Position | undefined {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '')
  return match === null ? undefined : { epoch: Number(match[1]), revision: Number(match[2]) }
}
