import { afterEach, expect, test } from 'vitest'
import { CertificateKeeper } from '../../../src/agent/acme/keeper.ts'
import { AcmeRefusal } from '../../../src/agent/acme/refusal.ts'
import { ManualTimers } from '../../support/manual-timers.ts'
import { MemorySecrets } from './memory-secrets.ts'

const MINUTE_MS = 60_000
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A keeper whose every order the authority refuses as `refuse` says, in a time that passes when a test says so. */
function start(refuse: () => Error) {
  let now = 0
  const timers = new ManualTimers()
  const asked: string[] = []
  const troubles = new Map<string, string | undefined>()
  const term = new AbortController()
  const keeper = new CertificateKeeper({
    secrets: new MemorySecrets(),
    fulfil: async ({ name }) => {
      asked.push(name)
      throw refuse()
    },
    clock: { now: () => now, elapsed: () => now },
    timers,
    random: () => 0.5,
    onChallenges: async () => {},
    onTrouble: (service, error) => void troubles.set(service, error?.message),
  })
  const want = (name: string, ...hosts: string[]) =>
    keeper.want(`shop/${name}`, { secret: { namespace: 'shop', name }, hosts })
  const settled = async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  }
  const pass = async (ms: number) => {
    now += ms
    timers.pass(ms)
    await settled()
  }
  const running = keeper.run(term.signal)
  stops.push(async () => {
    term.abort()
    await running
  })
  return { asked, troubles, want, pass, settled }
}

test('a limit that one Secret has met is kept whatever becomes of its hosts, and stops no other', async () => {
  const { asked, want, pass, settled } = start(
    () => new AcmeRefusal('order', 'too many', { retryAfterMs: 30 * MINUTE_MS }),
  )
  want('a', 'a.example.com')
  await settled()
  expect(asked).toEqual(['a'])
  want('a', 'a.example.com', 'more.example.com')
  want('b', 'b.example.com')
  await settled()
  expect(asked).toEqual(['a', 'b'])
  await pass(29 * MINUTE_MS)
  expect(asked).toEqual(['a', 'b'])
  await pass(2 * MINUTE_MS)
  expect(asked).toEqual(['a', 'b', 'a', 'b'])
})

test('an authority that answers nobody is left alone by all', async () => {
  const { asked, troubles, want, pass, settled } = start(
    () => new AcmeRefusal('order', 'busy', { retryAfterMs: 10 * MINUTE_MS, isForAll: true }),
  )
  want('a', 'a.example.com')
  await settled()
  want('b', 'b.example.com')
  await settled()
  expect(asked).toEqual(['a'])
  expect(troubles.get('shop/b')).toMatch(/^Cannot order a certificate for b\.example\.com yet: /)
  await pass(11 * MINUTE_MS)
  expect(new Set(asked.slice(1))).toEqual(new Set(['a', 'b']))
})

test('without a word of the authority it is tried less and less often', async () => {
  const { asked, want, pass, settled } = start(() => new Error('no route'))
  want('a', 'a.example.com')
  await settled()
  for (const [minutes, times] of [
    [2, 2],
    [1, 2],
    [2, 3],
    [3, 3],
    [2, 4],
  ] as const) {
    await pass(minutes * MINUTE_MS)
    expect(asked).toHaveLength(times)
  }
})
