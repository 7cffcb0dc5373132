import { expect, test } from 'vitest'
import type { Bid } from '../../../src/agent/leader/election.ts'
import { leaseOf, readLease } from '../../../src/agent/leader/lease.ts'

const bid: Bid = {
  over: '7',
  holder: 'agent-1',
  changesHolder: true,
  durationMs: 10_000,
  transitions: 4,
  epoch: 600,
  takesEpochs: true,
}

test('a bid becomes a patch that the API server refuses when the version has changed', () => {
  expect(leaseOf(bid, 'postern-agent', Date.UTC(2030, 0, 2, 3, 4, 5, 678))).toEqual({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'postern-agent',
      resourceVersion: '7',
      annotations: { 'postern.dev/epoch': '600' },
    },
    spec: {
      holderIdentity: 'agent-1',
      leaseDurationSeconds: 10,
      leaseTransitions: 4,
      renewTime: '2030-01-02T03:04:05.678000Z',
      acquireTime: '2030-01-02T03:04:05.678000Z',
    },
  })
})

test('a renewal leaves the moment of acquisition as it was; a new Lease has no version', () => {
  expect(leaseOf({ ...bid, changesHolder: false }, 'a', 0)).not.toHaveProperty('spec.acquireTime')
  expect(leaseOf({ ...bid, over: undefined }, 'a', 0)).not.toHaveProperty('metadata.resourceVersion')
})

test('what a bid wrote is read again', () => {
  const { over: version, holder, durationMs, transitions, epoch } = bid
  expect(readLease(leaseOf(bid, 'a', 0))).toEqual({ version, holder, durationMs, transitions, epoch })
})

test.each([
  ['nothing', {}],
  ['nulls', { spec: { holderIdentity: null, leaseDurationSeconds: null, leaseTransitions: null } }],
])('a Lease with %s in it is nobody’s', (_what, rest) => {
  expect(readLease({ metadata: { resourceVersion: '1' }, ...rest })).toEqual({
    ...{ version: '1', holder: '', durationMs: undefined, transitions: 0, epoch: 0 },
  })
})

test.each(['', '-1', '1e9', ' 7', '0x10', '1.5', '100000000000000', 'many'])(
  'an epoch of "%s" is none',
  (text) => {
    const metadata = { resourceVersion: '1', annotations: { 'postern.dev/epoch': text } }
    expect(readLease({ metadata }).epoch).toBe(0)
  },
)

test.each([undefined, null, 'text', {}, { metadata: {} }, { metadata: { resourceVersion: '1' }, spec: 1 }])(
  '%j is no Lease',
  (object) => {
    expect(() => readLease(object)).toThrow(/^Cannot read a Lease: /)
  },
)
