import { describe, expect, test } from 'vitest'
import { type Bid, Election, EPOCHS_AT_ONCE, type Lease } from '../../../src/agent/leader/election.ts'

const times = { durationMs: 10_000, renewDeadlineMs: 6_000 }
const candidate = (identity = 'we') => new Election({ identity, ...times })

function leaseHeldBy(holder: string, rest: Partial<Lease> = {}): Lease {
  return { version: '1', holder, durationMs: 10_000, transitions: 0, epoch: 100, ...rest }
}

/** What an API server that grants a bid answers. */
function granted({ holder, durationMs, transitions, epoch }: Bid, version: string): Lease {
  return { version, holder, durationMs, transitions, epoch }
}

/** Bids and is granted it at once. */
function win(election: Election, now: number, version: string): Bid {
  const bid = election.bid(now)
  if (bid === undefined) throw new Error('There is no bid')
  election.won(bid, granted(bid, version), now, now)
  return bid
}

describe('a Lease is asked for', () => {
  test('not before anything is known of it', () => {
    expect(candidate().bid(0)).toBeUndefined()
  })

  test('at once where there is none', () => {
    const election = candidate()
    election.see(undefined, 0)
    expect(election.bid(0)).toEqual({
      over: undefined,
      holder: 'we',
      changesHolder: true,
      durationMs: 10_000,
      transitions: 0,
      epoch: EPOCHS_AT_ONCE,
      takesEpochs: true,
    })
  })

  test('at once where it was handed over, with higher epochs, as another transition', () => {
    const election = candidate()
    election.see(leaseHeldBy('', { version: '7', transitions: 3, epoch: 500, durationMs: 1_000 }), 0)
    expect(election.bid(0)).toMatchObject({ over: '7', transitions: 4, epoch: 600, durationMs: 10_000 })
  })

  test('once its holder has not been heard of for as long as that holder said, and not before', () => {
    const election = candidate()
    election.see(leaseHeldBy('other', { durationMs: 40_000 }), 1_000)
    expect(election.freeAt).toBe(41_000)
    expect(election.bid(40_999)).toBeUndefined()
    expect(election.bid(41_000)).toMatchObject({ over: '1', changesHolder: true })
  })

  test('after as long as we would ask for, where its holder does not say', () => {
    const election = candidate()
    election.see(leaseHeldBy('other', { durationMs: undefined }), 1_000)
    expect(election.freeAt).toBe(11_000)
  })

  test('each change is a sign of life; the same state seen again is none', () => {
    const election = candidate()
    election.see(leaseHeldBy('other', { version: '1' }), 0)
    election.see(leaseHeldBy('other', { version: '2' }), 8_000)
    election.see(leaseHeldBy('other', { version: '2' }), 15_000)
    expect(election.freeAt).toBe(18_000)
  })
})

describe('a leader', () => {
  test('leads from the answer on, until the deadline since it asked', () => {
    const election = candidate()
    election.see(undefined, 0)
    const bid = election.bid(1_000)
    if (bid === undefined) throw new Error('There is no bid')
    expect(election.isLeading(1_000)).toBe(false)
    election.won(bid, granted(bid, '1'), 1_000, 3_000)
    expect(election.isLeading(6_999)).toBe(true)
    expect(election.isLeading(7_000)).toBe(false)
  })

  test('never leads by an answer that came too late', () => {
    const election = candidate()
    election.see(undefined, 0)
    const bid = election.bid(0)
    if (bid === undefined) throw new Error('There is no bid')
    election.won(bid, granted(bid, '1'), 0, 60_000)
    expect(election.isLeading(60_000)).toBe(false)
  })

  test('keeps its epochs and the count of transitions when it renews', () => {
    const election = candidate()
    election.see(leaseHeldBy('', { transitions: 5 }), 0)
    const first = win(election, 0, '2')
    const renewal = win(election, 2_000, '3')
    expect(renewal).toEqual({ ...first, over: '2', changesHolder: false, takesEpochs: false })
    expect(election.isLeading(7_999)).toBe(true)
  })

  test('keeps them too when it comes back late, and nobody has led since', () => {
    const election = candidate()
    election.see(undefined, 0)
    win(election, 0, '1')
    const epoch = election.nextEpoch(0, 0) ?? 0
    expect(election.holds(epoch, 30_000)).toBe(false)
    win(election, 30_000, '2')
    expect(election.holds(epoch, 30_000)).toBe(true)
  })

  test.each([
    ['another holds the Lease', leaseHeldBy('other', { version: '2' })],
    ['nobody holds it', leaseHeldBy('', { version: '2' })],
    ['it is gone', undefined],
  ])('stops at once when it sees that %s', (_what, lease) => {
    const election = candidate()
    election.see(undefined, 0)
    win(election, 0, '1')
    election.see(lease, 1_000)
    expect(election.isLeading(1_000)).toBe(false)
  })

  test('does not lead by a grant to somebody else', () => {
    const election = candidate()
    election.see(undefined, 0)
    const bid = election.bid(0)
    if (bid === undefined) throw new Error('There is no bid')
    election.won(bid, leaseHeldBy('other'), 0, 0)
    expect(election.isLeading(0)).toBe(false)
  })

  test('does not lead again once it has resigned, whatever is granted still', () => {
    const election = candidate()
    election.see(undefined, 0)
    win(election, 0, '1')
    const renewal = election.bid(1_000)
    if (renewal === undefined) throw new Error('There is no bid')
    election.resign()
    election.won(renewal, granted(renewal, '2'), 1_000, 1_000)
    expect([election.isLeading(1_000), election.bid(1_000)]).toEqual([false, undefined])
    expect(election.release()).toEqual({
      ...{ over: '2', holder: '', changesHolder: true, durationMs: 1_000 },
      ...{ transitions: 0, epoch: 100, takesEpochs: false },
    })
  })

  test('releases nothing that is not its own', () => {
    const election = candidate()
    election.see(leaseHeldBy('other'), 0)
    election.resign()
    expect(election.release()).toBeUndefined()
  })
})

describe('epochs', () => {
  const led = (lease?: Lease): Election => {
    const election = candidate()
    election.see(lease, 0)
    win(election, 0, '5')
    return election
  }

  test('lie above those on the Lease, and rise', () => {
    const election = led(leaseHeldBy('', { epoch: 700 }))
    expect([election.nextEpoch(0, 0), election.nextEpoch(0, 0), election.nextEpoch(710, 0)]).toEqual([
      ...[701, 702, 711],
    ])
  })

  test('are given to a leader only', () => {
    expect(led().nextEpoch(0, 6_000)).toBeUndefined()
  })

  test('above what the registry holds are asked for when ours do not reach', () => {
    const election = led()
    expect(election.nextEpoch(900, 0)).toBeUndefined()
    election.outgrow(900)
    expect(win(election, 0, '6')).toMatchObject({ takesEpochs: true, epoch: 1_000 })
    expect(election.nextEpoch(900, 0)).toBe(901)
  })

  test('are asked for anew when all of them are used', () => {
    const election = led()
    for (let epoch = 1; epoch <= EPOCHS_AT_ONCE; epoch++) expect(election.nextEpoch(0, 0)).toBe(epoch)
    expect(election.nextEpoch(0, 0)).toBeUndefined()
    expect(win(election, 0, '6')).toMatchObject({ epoch: 2 * EPOCHS_AT_ONCE })
    expect(election.nextEpoch(0, 0)).toBe(EPOCHS_AT_ONCE + 1)
  })

  test('do not go back with a Lease that was deleted, or set back by hand', () => {
    const election = led(leaseHeldBy('', { epoch: 700 }))
    election.see(undefined, 1_000)
    expect(win(election, 1_000, '6')).toMatchObject({ epoch: 900, transitions: 0 })
    election.see(leaseHeldBy('we', { version: '7', epoch: 3 }), 2_000)
    expect(win(election, 2_000, '8')).toMatchObject({ epoch: 1_000, takesEpochs: true })
  })

  test('that another had before us are not ours', () => {
    const election = led()
    const epoch = election.nextEpoch(0, 0) ?? 0
    election.see(leaseHeldBy('other', { version: '6', epoch: 200 }), 1_000)
    win(election, 11_000, '7')
    expect(election.holds(epoch, 11_000)).toBe(false)
    expect(election.nextEpoch(0, 11_000)).toBe(201)
  })
})
