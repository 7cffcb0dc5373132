import { createHash } from 'node:crypto'
import { generateKeyPair } from 'jose'
import { askAccess } from '../../../src/gateway/access/access-check.ts'
import { askToken, readTokenCheck } from '../../../src/gateway/tokens/token-check.ts'
import { rateKeyOf } from '../../../src/limits/rate-key.ts'
import { RateLimits } from '../../../src/limits/rate-limits.ts'
import type { Caller } from '../../../src/model/address-set.ts'
import { systemClock, systemRandom } from '../../../src/model/clock.node.ts'
import type { CredentialRecord } from '../../../src/model/credential-records.ts'
import { writeCredential } from '../../../src/model/credential-texts.ts'
import type { JwtPolicy } from '../../../src/model/jwt-policy.ts'
import type { RateLimit } from '../../../src/model/limits.ts'
import { askClientLists, readClientLists } from '../../../src/policy/client-lists.ts'
import { testAccess } from '../../support/access.ts'
import { type Check, check } from './check.ts'
import { keySetOf, tokenOf } from './tokens.ts'

export const POLICY: JwtPolicy = {
  issuers: [{ issuer: 'bench', jwksCredential: 'n/keys' }],
  audiences: ['bench'],
  algorithms: ['ES256', 'RS256', 'EdDSA'],
  clockSkewMs: 0,
  claims: [],
  headers: [{ claim: 'sub', field: 'X-User' }],
  places: [{ in: 'bearer', name: '' }],
}

/** What a client that is known already costs: by how many keys, users, tokens, blocks and clients there are. */
export async function proofChecks(
  rules: number,
  clients: readonly (Caller | undefined)[],
  blocks: readonly string[],
): Promise<Check[]> {
  const count = Math.max(1, rules)
  const lists = readClientLists({ allow: [...blocks], deny: [...blocks] })
  return [
    check(
      'allow and deny lists',
      rules,
      () => (i) => lists !== undefined && askClientLists(lists, clients[i]) === 'admitted',
    ),
    await apiKeyCheck(rules, count),
    await passwordCheck(rules, count),
    await tokenCheck(rules, count),
    rateCheck(rules, count),
  ]
}

async function apiKeyCheck(rules: number, count: number): Promise<Check> {
  const keys = Array.from({ length: count }, (_, i) => `key-of-client-0123456789-${i}`)
  const { access } = testAccess()
  const record = credentialOf('api-keys', {
    keys: keys.map((key, i) => ({
      id: `client-${i}`,
      sha256: createHash('sha256').update(key).digest('hex'),
    })),
  })
  await access.find({ type: 'credential', credential: { key: 'n/s', record } }, 'c')
  const apiKeys = {
    credential: 'n/s',
    places: [{ in: 'header' as const, name: 'x-api-key' }],
    field: 'X-Client',
  }
  const ask = questionOf(access, record, (i) => keys[i % count] ?? '')
  return check('API key', rules, () => (i) => askAccess({ apiKeys }, ask(i)).type === 'admitted')
}

async function passwordCheck(rules: number, count: number): Promise<Check> {
  const users = Array.from({ length: count }, (_, i) => ({ name: `user-${i}`, password: `password ${i}` }))
  const { access } = testAccess({ match: async () => true })
  const record = credentialOf('basic', { users: users.map(({ name }) => ({ name, hash: '' })) })
  for (const user of users) {
    await access.find({ type: 'password', credential: { key: 'n/s', record }, user }, 'c')
  }
  const fields = users.map(({ name, password }) => `Basic ${btoa(`${name}:${password}`)}`)
  const basic = { credential: 'n/s', realm: 'bench' }
  const ask = questionOf(access, record, (i) => fields[i % count] ?? '')
  return check('password, known', rules, () => (i) => askAccess({ basic }, ask(i)).type === 'admitted')
}

async function tokenCheck(rules: number, count: number): Promise<Check> {
  const { tokens } = testAccess()
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const record = credentialOf('jwks', await keySetOf(publicKey))
  const policy = readTokenCheck(POLICY)
  if (policy === undefined) throw new Error('no check of tokens')
  const credentials = [{ key: 'n/keys', record }]
  const fields: string[] = []
  for (let i = 0; i < count; i++) {
    const token = await tokenOf('ES256', privateKey, i)
    await tokens.verify({ check: policy, token, credentials }, 'c')
    fields.push(`Bearer ${token}`)
  }
  const verdict = tokens.verdict.bind(tokens)
  return check('JSON Web Token, known', rules, () => (i) => {
    const field = () => fields[i % count]
    return askToken(policy, { field }, '', verdict, () => record).type === 'admitted'
  })
}

function rateCheck(rules: number, count: number): Check {
  const rates = new RateLimits({ clock: systemClock, random: systemRandom, sharing: 'alone' })
  const limit: RateLimit = {
    count: 9_999_999,
    periodMs: 1_000,
    burst: 9_999_999,
    key: { type: 'client' },
    scope: 'local',
  }
  const clients = Array.from({ length: count }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  for (const client of clients)
    rates.take(
      's',
      limit,
      rateKeyOf(limit, client, () => undefined),
    )
  return check('rate limit, asked and counted', rules, () => (i) => {
    const key = rateKeyOf(limit, clients[i % count] ?? '', () => undefined)
    const isAdmitted = rates.ask('s', limit, key).type === 'admitted'
    rates.take('s', limit, key)
    return isAdmitted
  })
}

/** What the plan asks with, where one field is all there is. */
function questionOf(
  reader: ReturnType<typeof testAccess>['access'],
  record: CredentialRecord,
  fieldOf: (client: number) => string,
) {
  return (client: number) => ({
    head: { method: 'GET', target: '/', hosts: [], field: () => fieldOf(client) },
    query: '',
    credentialOf: () => record,
    authAsk: () => {
      throw new Error('nobody is asked')
    },
    reader,
  })
}

function credentialOf<T extends 'api-keys' | 'basic' | 'jwks'>(
  type: T,
  value: Parameters<typeof writeCredential<T>>[1],
): CredentialRecord {
  return { type, secret: { form: 'open', text: writeCredential(type, value) } }
}
