import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTokenCheck, type TokenQuestion } from '../../../src/gateway/tokens/token-check.ts'
import type { JwtPolicy } from '../../../src/model/jwt-policy.ts'
import { testAccess } from '../../support/access.ts'
import { AUDIENCE, ISSUER, startIssuer, type TestIssuer } from '../../support/tokens.ts'

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await startIssuer('RS256')
})
afterAll(() => issuer.close())

function questionOf(token: string): TokenQuestion {
  const policy: JwtPolicy = {
    issuers: [{ issuer: ISSUER, jwksUrl: issuer.jwksUrl }],
    audiences: [AUDIENCE],
    algorithms: ['RS256'],
    clockSkewMs: 0,
    claims: [],
    headers: [],
    places: [{ in: 'bearer', name: '' }],
  }
  const check = readTokenCheck(policy)
  if (check === undefined) throw new Error('no check')
  return { check, token, credentials: [] }
}

test('whoever forges tokens waits for himself: another client is verified before most of them', async () => {
  const { tokens } = testAccess()
  // The keys are there.
  await tokens.verify(questionOf(await issuer.token()), 'first')
  const good = await issuer.token({ sub: 'bob' })
  const [header, payload] = good.split('.')
  const forged = Array.from(
    { length: 300 },
    (_, i) => `${header}.${payload}.${btoa(`forged ${i}`).replaceAll('=', '')}`,
  )
  const ended: string[] = []
  const flood = forged.map(async (token) => {
    const said = await tokens.verify(questionOf(token), 'forger')
    ended.push(said ?? 'refused')
  })
  const other = tokens.verify(questionOf(good), 'other').then(() => ended.push('other'))
  await Promise.all([...flood, other])
  // Two at once and 64 that wait; the rest is told at once. The other one goes before those that wait.
  expect(ended.filter((each) => each === 'checks-busy')).toHaveLength(234)
  expect(ended.filter((each) => each === 'refused')).toHaveLength(66)
  const verified = ended.filter((each) => each !== 'checks-busy')
  expect(verified.indexOf('other')).toBeLessThan(8)
  expect(tokens.verdict(questionOf(good))?.type).toBe('admitted')
})

test('a token that names a key which is not there costs nobody a turn', async () => {
  const { tokens } = testAccess()
  await tokens.verify(questionOf(await issuer.token()), 'first')
  const unknown = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => await issuer.token({}, { kid: `unknown ${i}` })),
  )
  const asked = issuer.asked()
  const said = await Promise.all(unknown.map((token) => tokens.verify(questionOf(token), 'forger')))
  expect(new Set(said)).toEqual(new Set([undefined]))
  for (const token of unknown)
    expect(tokens.verdict(questionOf(token))).toEqual({ type: 'refused', error: 'token-invalid' })
  // Read again for none of them: the last time is not long ago.
  expect(issuer.asked()).toBe(asked)
})
