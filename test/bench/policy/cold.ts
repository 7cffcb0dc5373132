import { randomBytes } from 'node:crypto'
import bcrypt from 'bcryptjs'
import { generateKeyPair } from 'jose'
import { readTokenCheck } from '../../../src/gateway/tokens/token-check.ts'
import { writeCredential } from '../../../src/model/credential-texts.ts'
import { matchPassword } from '../../../src/policy/access/password-hash.ts'
import { testAccess } from '../../support/access.ts'
import type { ColdCheck } from './check.ts'
import { POLICY } from './proofs.ts'
import { keySetOf, tokenOf } from './tokens.ts'

const TOKENS = 500

/** What a client costs that nobody has seen before. */
export async function coldChecks(rounds: number): Promise<ColdCheck[]> {
  return [
    ...(await Promise.all(['RS256', 'ES256', 'EdDSA'].map((alg) => coldToken(alg, rounds)))),
    await forgedToken(rounds),
    coldPassword('bcrypt, cost 10', bcrypt.hashSync('password', 10), 5),
    coldPassword('apr1', '$apr1$xy$T6yk43HTfQwCY.mtbxwJ8/', 50),
    coldPassword('{SHA}', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 1_000),
  ]
}

async function coldToken(alg: string, rounds: number): Promise<ColdCheck> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const verify = await verifierOf(publicKey)
  const tokens: string[] = []
  for (let i = 0; i < TOKENS * (rounds + 1); i++) tokens.push(await tokenOf(alg, privateKey, i))
  return { name: `JSON Web Token, new, ${alg}`, times: TOKENS, ask: (time) => verify(tokens[time] ?? '') }
}

async function forgedToken(rounds: number): Promise<ColdCheck> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const verify = await verifierOf(publicKey)
  const [header, payload] = (await tokenOf('RS256', privateKey, 0)).split('.')
  const tokens = Array.from({ length: TOKENS * (rounds + 1) }, () => {
    return `${header}.${payload}.${randomBytes(256).toString('base64url')}`
  })
  return {
    name: 'JSON Web Token, forged, RS256',
    times: TOKENS,
    ask: async (time) => !(await verify(tokens[time] ?? '')),
  }
}

async function verifierOf(publicKey: Parameters<typeof keySetOf>[0]) {
  const { tokens } = testAccess()
  const check = readTokenCheck(POLICY)
  if (check === undefined) throw new Error('no check of tokens')
  const text = writeCredential('jwks', await keySetOf(publicKey))
  const credentials = [{ key: 'n/keys', record: { type: 'jwks', secret: { form: 'open', text } } as const }]
  return async (token: string) => {
    await tokens.verify({ check, token, credentials }, 'c')
    return tokens.verdict({ check, token, credentials })?.type === 'admitted'
  }
}

function coldPassword(name: string, hash: string, times: number): ColdCheck {
  return {
    name: `password, new, ${name}`,
    times,
    ask: async (time) => !(await matchPassword(`guess ${time}`, hash)),
  }
}
