import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TokenPlace } from '../../../src/model/jwt-policy.ts'
import { findToken } from '../../../src/policy/jwt/find-token.ts'

const TOKEN = 'aaa.bbb.ccc'
const bearer: TokenPlace = { in: 'bearer', name: '' }
const cookie: TokenPlace = { in: 'cookie', name: 'session' }
const query: TokenPlace = { in: 'query', name: 'token' }

const find = (places: readonly TokenPlace[], fields: Readonly<Record<string, string>> = {}, search = '') =>
  findToken({ field: (name) => fields[name] }, search, places)

test.each([
  [`Bearer ${TOKEN}`, 'token'],
  [`bEARER   ${TOKEN} `, 'token'],
  ['Bearer', 'unclear'],
  ['Bearer aaa.bbb', 'unclear'],
  ['Bearer aaa.bbb.', 'unclear'],
  ['Bearer aaa.bbb.ccc.ddd.eee', 'unclear'],
  [`Bearer ${TOKEN}, Bearer ${TOKEN}`, 'unclear'],
  [`Bearer a.${'b'.repeat(8_192)}.c`, 'unclear'],
  [`Bearer a.b\u00e9.c`, 'unclear'],
  [`Basic ${TOKEN}`, 'none'],
  [`Bearer${TOKEN}`, 'none'],
  [`BearerX ${TOKEN}`, 'none'],
  ['', 'none'],
])('Authorization "%s": %s', (authorization, type) => {
  expect(find([bearer], { authorization }).type).toBe(type)
})

test.each([
  [`session=${TOKEN}`, 'token'],
  [`a=b; session=${TOKEN}; c=d`, 'token'],
  [`session="${TOKEN}"`, 'token'],
  [`session=${TOKEN}; session=${TOKEN}`, 'unclear'],
  // Two fields, as runtimes join them.
  [`session=x.y.z, session=${TOKEN}`, 'unclear'],
  [`xsession=${TOKEN}; Session=${TOKEN}`, 'none'],
  [`session`, 'none'],
])('Cookie "%s": %s', (value, type) => {
  expect(find([cookie], { cookie: value }).type).toBe(type)
})

test.each([
  [`?token=${TOKEN}`, 'token'],
  [`?a=b&token=${TOKEN}`, 'token'],
  [`?token=${TOKEN}&token=${TOKEN}`, 'unclear'],
  [`?t%6fken=${TOKEN}&token=x.y.z`, 'unclear'],
  [`?Token=${TOKEN}`, 'none'],
  ['', 'none'],
  ['?', 'none'],
])('query "%s": %s', (search, type) => {
  expect(find([query], {}, search).type).toBe(type)
})

test('the first place that holds something counts, also when it is no token', () => {
  const fields = { authorization: 'Bearer first.b.c', cookie: `session=${TOKEN}` }
  expect(find([bearer, cookie], fields)).toEqual({ type: 'token', token: 'first.b.c' })
  expect(find([cookie, bearer], fields)).toEqual({ type: 'token', token: TOKEN })
  expect(find([bearer, cookie], { ...fields, authorization: 'Bearer x' }).type).toBe('unclear')
})

test('whatever comes, what is found is three parts of base64url', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.string(), (a, b, c) => {
      const found = find(
        [bearer, cookie, query],
        { authorization: `Bearer ${a}`, cookie: `session=${b}` },
        `?token=${c}`,
      )
      if (found.type === 'token') expect(found.token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
      else expect(['none', 'unclear']).toContain(found.type)
    }),
  )
})
