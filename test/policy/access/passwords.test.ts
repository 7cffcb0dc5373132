import bcrypt from 'bcryptjs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findApiKey } from '../../../src/policy/access/find-api-key.ts'
import { findPassword } from '../../../src/policy/access/find-password.ts'
import { matchPassword } from '../../../src/policy/access/password-hash.ts'

const only = (wanted: string, value: string | undefined) => ({
  field: (name: string) => (name === wanted ? value : undefined),
})
const basic = (text: string, scheme = 'Basic') =>
  findPassword(only('authorization', `${scheme} ${Buffer.from(text).toString('base64')}`))

test('examples of RFC 7617', () => {
  expect(findPassword(only('authorization', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='))).toEqual({
    ...{ type: 'password', name: 'Aladdin', password: 'open sesame' },
  })
  expect(findPassword(only('authorization', 'Basic dGVzdDoxMjPCow=='))).toEqual({
    ...{ type: 'password', name: 'test', password: '123£' },
  })
})

test('a password may hold colons, a name does not, and either may be empty', () => {
  expect(basic('a:b:c', 'bAsIc')).toEqual({ type: 'password', name: 'a', password: 'b:c' })
  expect(basic(':')).toEqual({ type: 'password', name: '', password: '' })
})

test.each([undefined, 'Bearer x', 'Basicx y', 'Digest a=b'])('%s is no password', (value) => {
  expect(findPassword(only('authorization', value)).type).toBe('none')
})

test.each([
  'Basic',
  'Basic !',
  'Basic YQ==',
  'Basic /w==',
  'Basic YTpi, Basic YTpi',
  `Basic ${'A'.repeat(1_028)}`,
])('%s is unclear', (value) => {
  expect(findPassword(only('authorization', value)).type).toBe('unclear')
})

test('control characters are in no password (RFC 7617 §2)', () => {
  for (const text of ['a:b\n', 'a\u0000:b', '\u007fa:b']) expect(basic(text).type).toBe('unclear')
})

test('whatever comes is read, or is not, without an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      ['password', 'none', 'unclear'].includes(findPassword(only('authorization', `Basic ${text}`)).type),
    ),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const found = findApiKey(only('x-api-key', text), '', [{ in: 'header', name: 'x-api-key' }])
      return found.type !== 'key' || found.key === text.trim()
    }),
  )
})

// openssl passwd -apr1, htpasswd -nbB and -nbs.
test.each([
  ['', '$apr1$xy$43..WIhbfuznGvwoCyUek/'],
  ['a', '$apr1$xy$T6yk43HTfQwCY.mtbxwJ8/'],
  ['pässword 12345678901234567890', '$apr1$abcdefgh$t0FlHcInn.jcVTes4Z/Zq.'],
  ['xxxxxxxxxxxxxxxx', '$apr1$abc$3/WymoXKkMqMc.lhHsU0l/'],
  ['password', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
  // The Blowfish password hash's own test vectors (jBCrypt).
  ['abc', '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
])('"%s" fits %s, and nothing else does', async (password, hash) => {
  expect(await matchPassword(password, hash)).toBe(true)
  expect(await matchPassword(`${password}x`, hash)).toBe(false)
  expect(await matchPassword('', hash)).toBe(password === '')
})

test.each([
  ['plain', 'plain'],
  ['{PLAIN}', 'x'],
  ['crypt(3)', 'rl.3StKT.4T8M'],
  ['SHA-crypt', '$5$rounds=5000$usesomesillystri$KqJWpanXZHKq2BOB43TSaYhEWsQ1Lr5QNyPCDH/Tp.6'],
  ['empty', ''],
  ['a cost that takes minutes', '$2b$19$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
])('no password fits a hash of %s', async (_what, hash) => {
  for (const password of ['', 'plain', 'x', hash]) expect(await matchPassword(password, hash)).toBe(false)
})

test('a password that bcrypt would cut off lets nobody in', async () => {
  const long = 'ä'.repeat(36)
  const hash = bcrypt.hashSync(long, 4)
  expect(await matchPassword(long, hash)).toBe(true)
  expect(await matchPassword(`${long}x`, hash)).toBe(false)
  // As it would be without us.
  expect(bcrypt.compareSync(`${long}x`, hash)).toBe(true)
})
