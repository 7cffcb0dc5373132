import { expect, test } from 'vitest'
import { type Credential, CredentialBook } from '../../../src/gateway/access/credential-book.ts'
import { PasswordBook } from '../../../src/gateway/access/password-book.ts'
import { PASSWORD_TURNS, THREAD_TURNS, Turns, TurnsApart } from '../../../src/gateway/turns.ts'
import { writeCredential } from '../../../src/model/credential-texts.ts'
import { nodeDigest } from '../../../src/registry/digest.node.ts'
import { secretOpener } from '../../../src/registry/sealing/open-secret.ts'
import { ManualTime } from '../../support/manual-time.ts'

/** A hash is the password in reverse, so that what was looked at can be told. */
function bookOf(users: Readonly<Record<string, string>>) {
  const time = new ManualTime()
  const matched: string[] = []
  const held: (() => void)[] = []
  const state = { isHeld: false }
  const parts = {
    clock: time.clock,
    digest: nodeDigest,
    salt: 'salt',
    onTrouble: (error: Error) => expect.fail(error.message),
  }
  const credentials = new CredentialBook({ ...parts, open: secretOpener([], []) })
  const book = new PasswordBook({
    ...parts,
    credentials,
    turns: new TurnsApart(() => new Turns({ ...PASSWORD_TURNS, clock: time.clock })),
    thread: new Turns({ ...THREAD_TURNS, clock: time.clock }),
    match: async (password, hash) => {
      matched.push(hash)
      if (state.isHeld) await new Promise<void>((resolve) => held.push(resolve))
      return password.split('').reverse().join('') === hash
    },
  })
  const credential = credentialOf(users)
  const ask = async (name: string, password: string, client = 'c', of = credential) => {
    const user = { name, password }
    const known = book.verdict(of, user)
    if (known !== undefined) return known
    return (await book.check(of, user, client)) ?? book.verdict(of, user)
  }
  return { time, matched, held, state, ask, credentials }
}

function credentialOf(users: Readonly<Record<string, string>>, key = 'shop/staff'): Credential {
  const list = Object.entries(users).map(([name, hash]) => ({ name, hash }))
  const text = writeCredential('basic', { users: list })
  return { key, record: { type: 'basic', secret: { form: 'open', text } } }
}

test('a password that fits is looked at once, and not for ever', async () => {
  const { time, matched, ask } = bookOf({ alice: 'terces' })
  for (const _ of [1, 2, 3]) expect(await ask('alice', 'secret')).toBe('admitted')
  expect(matched).toHaveLength(1)
  time.pass(3_600_000)
  expect(await ask('alice', 'secret')).toBe('admitted')
  expect(matched).toHaveLength(2)
})

test('what is remembered is of one user, one password, and one state of the Secret', async () => {
  const { ask } = bookOf({ alice: 'terces', bob: 'eno' })
  expect(await ask('alice', 'secret')).toBe('admitted')
  expect(await ask('bob', 'secret')).toBe('password-invalid')
  expect(await ask('alice', 'one')).toBe('password-invalid')
  expect(await ask('alice', 'secret', 'c', credentialOf({ alice: 'eno' }))).toBe('password-invalid')
  // The same Secret, read again.
  expect(await ask('alice', 'secret', 'c', credentialOf({ alice: 'terces', bob: 'eno' }))).toBe('admitted')
})

test('who is not there takes as much as who is', async () => {
  const { matched, ask } = bookOf({ alice: 'terces' })
  expect(await ask('nobody', 'secret')).toBe('password-invalid')
  expect(matched).toEqual(['terces'])
})

test('guesses wait for themselves: another client gets its turn before them', async () => {
  const { held, state, ask } = bookOf({ alice: 'terces' })
  state.isHeld = true
  const ended: string[] = []
  const guesses = Array.from({ length: 100 }, async (_, i) => {
    const said = await ask('alice', `guess ${i}`, 'guesser')
    ended.push(`${said}`)
  })
  const good = ask('alice', 'secret', 'other').then((said) => ended.push(`other ${said}`))
  while (!ended.some((each) => each.startsWith('other'))) {
    held.splice(0).forEach((end) => void end())
    await Promise.resolve()
  }
  // Of the guesses one was under way, one had its turn before, and most were refused at once.
  const looked = ended.filter((each) => each === 'password-invalid')
  expect(looked.length).toBeLessThanOrEqual(2)
  state.isHeld = false
  held.splice(0).forEach((end) => void end())
  await Promise.all([...guesses, good])
  expect(ended.filter((each) => each === 'checks-busy')).toHaveLength(95)
})

test('guesses of many clients at one credential cost another credential one check', async () => {
  const { held, state, matched, ask } = bookOf({ alice: 'terces' })
  state.isHeld = true
  const guesses = Array.from({ length: 60 }, (_, i) => ask('alice', `guess ${i}`, `guesser ${i}`))
  const other = credentialOf({ bob: 'eno' }, 'elsewhere/staff')
  const good = { said: '' }
  const asked = ask('bob', 'one', 'bob', other).then((said) => {
    good.said = `${said}`
  })
  while (good.said === '') {
    held.splice(0).forEach((end) => void end())
    await Promise.resolve()
  }
  // One was under way, and perhaps one more had its turn.
  expect(good.said).toBe('admitted')
  expect(matched.indexOf('eno')).toBeLessThanOrEqual(2)
  state.isHeld = false
  held.splice(0).forEach((end) => void end())
  await Promise.all([...guesses, asked])
})

test('of a credential that cannot be opened nobody can say; it is tried again after a while', async () => {
  const time = new ManualTime()
  const troubles: string[] = []
  const state = { isAway: true }
  const credentials = new CredentialBook({
    clock: time.clock,
    digest: nodeDigest,
    salt: '',
    open: async (part, id) => {
      if (state.isAway) throw new Error(`no key for ${id}`)
      return await secretOpener([], [])(part, id)
    },
    onTrouble: ({ message, cause }) => troubles.push(`${message}: ${cause}`),
  })
  const credential = credentialOf({ alice: 'terces' })
  expect((await credentials.open(credential)).type).toBe('unreadable')
  expect(troubles).toEqual([
    'Cannot open credential shop/staff: Error: no key for ["credential","shop/staff"]',
  ])
  state.isAway = false
  expect(credentials.peek(credential)?.type).toBe('unreadable')
  time.pass(5_000)
  expect(credentials.peek(credential)).toBeUndefined()
  expect((await credentials.open(credential)).type).toBe('basic')
})

test.each([
  ['basic', '{"users":[]'],
  ['api-keys', '{"keys":[{"id":"a","sha256":"short"}]}'],
  ['jwks', '{}'],
  ['client-certificate', '{}'],
] as const)(
  'a credential of type %s that holds %s opens nothing, and is not repeated',
  async (type, text) => {
    const troubles: string[] = []
    const credentials = new CredentialBook({
      clock: new ManualTime().clock,
      digest: nodeDigest,
      salt: '',
      open: secretOpener([], []),
      onTrouble: ({ message, cause }) => troubles.push(`${message} ${cause}`),
    })
    const opened = await credentials.open({ key: 'a/b', record: { type, secret: { form: 'open', text } } })
    expect(opened.type).toBe('unreadable')
    expect(troubles.join()).not.toContain(text)
  },
)
