import { formatPosition } from '../model/position.ts'
import type { Freshness } from './freshness.ts'
import type { Gateway } from './gateway.ts'
import { type CertificateTrouble, certificateTroubles } from './tls/certificate-status.ts'

/** Of the copy on disk. */
export interface CopyStatus {
  readonly path: string
  /** How long ago this process wrote it; null: it has not yet. */
  readonly writtenSecondsAgo: number | null
  /** Why it could not be read or written the last time. */
  readonly problem: string | null
}

/** What a gateway serves from, and how old that is. */
export interface GatewayStatus {
  /** Where the table in force came from. */
  readonly source: 'registry' | 'disk' | null
  readonly position: string | null
  /** How long ago the cluster was observed as it is served; null: nobody can tell, or nothing is served. */
  readonly observedSecondsAgo: number | null
  /** null: off. */
  readonly maxStaleSeconds: number | null
  /** Pods are not reached by their addresses. */
  readonly isStale: boolean
  /** Only heads that a trusted key has signed are taken. */
  readonly isSigned: boolean
  /** null: none is kept. */
  readonly disk: CopyStatus | null
  /** What is wrong with the certificates that hosts name. */
  readonly certificates: readonly CertificateTrouble[]
}

/** Structurally a copy on disk. */
export interface Copy {
  readonly path: string
  readonly writtenMsAgo: number | undefined
  readonly problem: string | undefined
}

export function gatewayStatus(
  { source, head, table }: Pick<Gateway, 'source' | 'head' | 'table'>,
  freshness: Freshness,
  copy: Copy | undefined,
  now: number,
): Omit<GatewayStatus, 'isSigned'> {
  return {
    source: source ?? null,
    position: head === undefined ? null : formatPosition(head.position),
    observedSecondsAgo: seconds(freshness.ageMs),
    maxStaleSeconds: freshness.maxStaleMs === 0 ? null : freshness.maxStaleMs / 1000,
    isStale: freshness.staleness() !== undefined,
    disk:
      copy === undefined
        ? null
        : {
            path: copy.path,
            writtenSecondsAgo: seconds(copy.writtenMsAgo),
            problem: copy.problem ?? null,
          },
    certificates: table === undefined ? [] : certificateTroubles(table, now),
  }
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined || !Number.isFinite(ms) ? null : Math.round(ms / 1000)
}
