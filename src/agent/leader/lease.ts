import * as v from 'valibot'
import { microTime } from '../cluster/micro-time.ts'
import type { Bid, Lease } from './election.ts'

/** Where epochs are counted: `leaseTransitions` will not do, for a term may need several. */
const EPOCH = 'postern.dev/epoch'
/** A longer one is nobody's: what follows it must still be counted exactly. */
const EPOCH_TEXT = /^\d{1,14}$/

const leaseSchema = v.object({
  metadata: v.object({
    resourceVersion: v.string(),
    annotations: v.nullish(v.record(v.string(), v.string()), {}),
  }),
  spec: v.nullish(
    v.object({
      holderIdentity: v.nullish(v.string(), ''),
      leaseDurationSeconds: v.nullish(v.number()),
      leaseTransitions: v.nullish(v.number(), 0),
    }),
    {},
  ),
})

/** @throws Error when it is no Lease */
export function readLease(object: unknown): Lease {
  const parsed = v.safeParse(leaseSchema, object)
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw new Error(`Cannot read a Lease: ${v.getDotPath(issue) ?? '(root)'}: ${issue.message}`)
  }
  const { metadata, spec } = parsed.output
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = spec
  const epoch = metadata.annotations[EPOCH] ?? ''
  return {
    version: metadata.resourceVersion,
    holder: holderIdentity ?? '',
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : undefined,
    transitions: leaseTransitions ?? 0,
    epoch: EPOCH_TEXT.test(epoch) ? Number(epoch) : 0,
  }
}

/**
 * What a bid makes of a Lease: a whole one to create, or a merge patch (RFC 7396), so that what others wrote beside it stays.
 * With the version in it the API server refuses it (409) when the Lease has changed since.
 * @param now ms since the Unix epoch, for people to read
 */
export function leaseOf(bid: Bid, name: string, now: number): object {
  const at = microTime(now)
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      ...(bid.over !== undefined && { resourceVersion: bid.over }),
      annotations: { [EPOCH]: `${bid.epoch}` },
    },
    spec: {
      holderIdentity: bid.holder,
      leaseDurationSeconds: Math.ceil(bid.durationMs / 1000),
      leaseTransitions: bid.transitions,
      renewTime: at,
      ...(bid.changesHolder && { acquireTime: at }),
    },
  }
}
