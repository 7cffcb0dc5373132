import { expect, onTestFinished, test } from 'vitest'
import { Candidate } from '../../../src/agent/leader/candidate.ts'
import { VirtualTime } from '../../support/virtual-time.ts'
import { MemoryLease, type Way } from './memory-leases.ts'

const times = { durationMs: 10_000, renewDeadlineMs: 6_000, retryMs: 2_000 }

interface Running {
  readonly candidate: Candidate
  /** Terms begun and ended, in their order. */
  readonly terms: string[]
  readonly troubles: string[]
  way: Way
  end(): void
}

function run(time: VirtualTime, lease: MemoryLease, identity: string): Running {
  const end = new AbortController()
  const terms: string[] = []
  const troubles: string[] = []
  const running = { terms, troubles, way: 'open' as Way, end: () => end.abort() }
  const candidate = new Candidate({
    ...{ identity, ...times, clock: time.clock, timers: time.timers, random: () => 0.5 },
    leases: lease.leases(() => running.way),
    lead: async (term) => {
      terms.push('begun')
      if (!term.aborted) await new Promise((resolve) => term.addEventListener('abort', resolve))
      terms.push('ended')
    },
    onTrouble: ({ message }) => troubles.push(message),
  })
  const done = candidate.run(end.signal)
  onTestFinished(async () => {
    end.abort()
    await time.advance(2_000)
    await done
  })
  return Object.assign(running, { candidate })
}

async function started() {
  const [time, lease] = [new VirtualTime(), new MemoryLease()]
  const first = run(time, lease, 'first')
  await time.advance(10)
  const second = run(time, lease, 'second')
  await time.advance(10)
  expect([first.candidate.isLeading, second.candidate.isLeading]).toEqual([true, false])
  return { time, lease, first, second }
}

test('the first leads for as long as it renews; the other knows who it is', async () => {
  const { time, lease, first, second } = await started()
  await time.advance(600_000)
  expect([first.terms, second.terms]).toEqual([['begun'], []])
  expect(second.candidate.holder).toBe('first')
  expect(lease.lease?.transitions).toBe(0)
  expect([first.troubles, second.troubles]).toEqual([[], []])
})

test('a leader that ends hands over at once', async () => {
  const { time, first, second } = await started()
  first.end()
  await time.advance(0)
  expect([first.terms, second.terms]).toEqual([['begun', 'ended'], ['begun']])
})

test('one that is not heard of any more is followed when its Lease has run out, and not before', async () => {
  const { time, first, second } = await started()
  await time.advance(1_000)
  first.way = 'hangs'
  await time.advance(8_900)
  expect(second.candidate.isLeading).toBe(false)
  await time.advance(1_200)
  expect(second.candidate.isLeading).toBe(true)
})

test.each(['hangs', 'refused'] as const)(
  'whose requests end as "%s" steps down before another may lead, and leads again when it can',
  async (way) => {
    const [time, lease] = [new VirtualTime(), new MemoryLease()]
    const alone = run(time, lease, 'alone')
    await time.advance(1_000)
    alone.way = way
    await time.advance(4_900)
    expect(alone.terms).toEqual(['begun'])
    await time.advance(200)
    expect(alone.terms).toEqual(['begun', 'ended'])
    expect(alone.troubles.length).toBeGreaterThan(0)
    alone.way = 'open'
    await time.advance(5_000)
    expect(alone.terms).toEqual(['begun', 'ended', 'begun'])
    expect(lease.lease?.transitions).toBe(0)
  },
)

test('one that was stopped does not lead when it wakes, not even before anything else has run', async () => {
  const { time, first, second } = await started()
  const epoch = (await first.candidate.take(0)) ?? 0
  expect(first.candidate.holds(epoch)).toBe(true)
  first.way = 'hangs'
  time.sleep(20_000)
  expect([first.candidate.isLeading, first.candidate.holds(epoch)]).toEqual([false, false])
  expect(await first.candidate.take(epoch)).toBeUndefined()
  await time.advance(100)
  expect([first.terms, second.terms]).toEqual([['begun', 'ended'], ['begun']])
  expect(await second.candidate.take(0)).toBeGreaterThan(epoch)
})

test('clocks on the wall may jump', async () => {
  const { time, first, second } = await started()
  for (const jumpMs of [86_400_000, -172_800_000, 5_000]) {
    time.jump(jumpMs)
    await time.advance(20_000)
  }
  expect([first.terms, second.terms]).toEqual([['begun'], []])
})

test('a Lease that somebody else wrote on is kept', async () => {
  const { time, lease, first, second } = await started()
  for (let i = 0; i < 20; i++) {
    if (lease.lease !== undefined) lease.put(lease.lease)
    await time.advance(1_500)
  }
  expect([first.terms, second.terms]).toEqual([['begun'], []])
})

test('a renewal whose answer is lost was one', async () => {
  const { time, first, second } = await started()
  first.way = 'answer is lost'
  await time.advance(4_000)
  first.way = 'open'
  await time.advance(10_000)
  expect([first.terms, second.terms]).toEqual([['begun'], []])
})

test('a Lease that is deleted is made anew, with higher epochs, by one of them', async () => {
  const { time, lease, first, second } = await started()
  const epoch = (await first.candidate.take(0)) ?? 0
  lease.delete()
  await time.advance(1_000)
  const leading = [first, second].filter(({ candidate }) => candidate.isLeading)
  expect(leading).toHaveLength(1)
  expect(await leading[0]?.candidate.take(0)).toBeGreaterThan(epoch)
})

test('epochs above what the registry holds are on the Lease before they are given', async () => {
  const { lease, first, second } = await started()
  expect(await first.candidate.take(7_000)).toBe(7_001)
  expect(lease.lease?.epoch).toBeGreaterThanOrEqual(7_001)
  expect(await second.candidate.take(8_000)).toBeUndefined()
})

test('an epoch that cannot be put on the Lease is not given', async () => {
  const { time, first } = await started()
  first.way = 'refused'
  await expect(first.candidate.take(7_000)).rejects.toThrow('ECONNREFUSED')
  await time.advance(10)
})

test('one that has lost the Lease unheard is given no epoch', async () => {
  const { lease, first } = await started()
  const { holder: _first, ...rest } = lease.lease ?? { durationMs: 1, transitions: 0, epoch: 0 }
  first.way = 'refused'
  lease.put({ ...rest, holder: 'third', epoch: 200 })
  first.way = 'open'
  expect(first.candidate.isLeading).toBe(true)
  expect(await first.candidate.take(150)).toBeUndefined()
  expect(first.candidate.isLeading).toBe(false)
})
