import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { recordKinds } from '../../src/model/records.ts'
import { unsignedHead } from '../../src/registry/head.ts'
import { makeKey } from '../../src/registry/keys/make-key.ts'
import type { StoredRecord } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { HeadSigner } from '../../src/registry/signed-heads.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { everyKind, SECRETS } from '../support/every-kind.ts'
import { startFollowing } from '../support/following.ts'
import { send, startHttp, type TestServer } from '../support/http.ts'
import { sealingKey, signedHeads, signer, signingKey, statementOf } from '../support/keys.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { endpointsRecord } from '../support/records.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { RedisClusters } from '../support/redis-clusters.ts'

const HOST = 'shop.localhost'
const keyOf = (cluster: string, name: string) => `postern:{${cluster}}:${name}`

/** Whoever may write to Redis, and has no key of the agent. */
describe.skipIf(!hasRedis)('whoever writes to the Redis of a gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tampering-'))
  let redis: RedisServer
  let honest: TestServer
  let evil: TestServer
  let gateway: ServingProcess
  let published: RedisClusters
  let records: readonly StoredRecord[]

  beforeAll(async () => {
    redis = await startRedis(['--dir', folder, '--rdbcompression', 'no'])
    honest = await startHttp((_request, response) => void response.end('honest'))
    evil = await startHttp((_request, response) => void response.end('evil'))
    published = new RedisClusters(redis.url)
    records = await everyKind('own', honest.port)
    await published.publish('own', records)
    await published.publish('west', await everyKind('west', evil.port))
    gateway = await startServing(['gateway', '--redis', redis.url, '--cluster', 'own'])
  })
  afterAll(async () => {
    await gateway.stop()
    await published.close()
    await Promise.all([honest.close(), evil.close()])
    await redis.kill()
    rmSync(folder, { recursive: true })
  })

  const body = async () => (await send({ port: gateway.port, host: HOST })).body
  const head = (cluster = 'own') => redis.cli('HGET', keyOf(cluster, 'head'), 'text')
  const position = () => {
    const { epoch = 0, revision = 0 } = statementOf(head())?.position ?? {}
    return { epoch, revision }
  }

  /** What a follower that starts now is given, and why it is not. */
  async function refusal(): Promise<string> {
    const registry = new RedisRegistry({
      url: redis.url,
      cluster: 'own',
      heads: signedHeads,
      random: systemRandom,
    })
    const follower = startFollowing(registry)
    await follower.until(() => follower.troubles.length > 0 || follower.heads.length > 0)
    await follower.stop()
    await registry.close()
    expect(follower.heads).toEqual([])
    return follower.troubles[0] ?? ''
  }

  const edits = {
    edited: (text: string) => text.replace(/.$/, ' $&'),
    'cut short': (text: string) => text.slice(0, -1),
    replaced: (_text: string, other: string) => other,
    deleted: () => undefined,
  }

  describe.each(recordKinds)('and touches a record of kind %s', (kind) => {
    test.each(Object.entries(edits))('so that it is %s, gives nobody a table', async (_how, edit) => {
      const hash = keyOf('own', `records:${kind}`)
      const [record, other] = records.filter((each) => each.kind === kind)
      if (record === undefined || other === undefined) throw new Error(`no records of kind ${kind}`)
      const changed = edit(record.text, `${other.text} `)
      if (changed === undefined) redis.cli('HDEL', hash, record.key)
      else redis.cli('HSET', hash, record.key, changed)
      expect(await refusal()).toMatch(/^Records do not fit the head at \d+-\d+$/)
      redis.cli('HSET', hash, record.key, record.text)
    })

    test('so that it stands under another key, or among another kind, gives nobody a table', async () => {
      const [record] = records.filter((each) => each.kind === kind)
      const elsewhere = kind === 'problem' ? 'authority' : 'problem'
      for (const hash of [keyOf('own', `records:${kind}`), keyOf('own', `records:${elsewhere}`)]) {
        redis.cli('HSET', hash, 'moved', record?.text ?? '')
        expect(await refusal()).toMatch(/^Records do not fit the head at /)
        redis.cli('HDEL', hash, 'moved')
      }
    })

    test("so that it is another cluster's, gives nobody a table, and what is sealed there does not open here", async () => {
      const [record] = records.filter((each) => each.kind === kind)
      const hash = (cluster: string) => keyOf(cluster, `records:${kind}`)
      const foreign = `${redis.cli('HGET', hash('west'), record?.key ?? '')}`
      redis.cli('HSET', hash('own'), record?.key ?? '', foreign)
      const isSame = foreign === record?.text
      if (!isSame) expect(await refusal()).toMatch(/^Records do not fit the head at /)
      else expect(kind).not.toMatch(/endpoints|certificate|credential/)
      redis.cli('HSET', hash('own'), record?.key ?? '', record?.text ?? '')
    })
  })

  /** Adds an entry as a publish does, right after what the gateway has. */
  function push(text: string, ...change: readonly string[]): void {
    const { epoch, revision } = position()
    const previous = `${epoch}-${revision}`
    const fields = ['head', text, 'previous', previous, 'at', '1', 'bytes', '1', ...change]
    redis.cli('XADD', keyOf('own', 'changes'), `${epoch}-${revision + 1}`, ...fields)
  }

  /** As the agent mends it: everything anew. */
  async function mend(says = 'honest'): Promise<void> {
    redis.cli('DEL', keyOf('own', 'changes'))
    const registry = new RedisRegistry({
      url: redis.url,
      cluster: 'own',
      heads: signedHeads,
      random: systemRandom,
    })
    const publisher = new Publisher({ writer: registry, cluster: 'own', clock: systemClock, heads: signer })
    await publisher.publish(records, systemClock.now())
    // Its epoch may be one that the gateway has seen: here no Lease counts them.
    await publisher.heartbeat(systemClock.now())
    await registry.close()
    const { epoch, revision } = position()
    await waitFor(
      'the gateway to go on',
      async () => {
        const status = await (await fetch(`${gateway.console}/api/status`)).json()
        return `${status.position} ${await body()}`
      },
      (now) => now === `${epoch}-${revision} ${says}`,
    )
  }

  async function isRefused(why: RegExp): Promise<void> {
    const from = gateway.said().length
    await waitFor(
      'the refusal',
      () => gateway.said().slice(from),
      (text) => why.test(text),
    )
  }

  const forged = () => endpointsRecord('shop/web/a', ['127.0.0.1'], ['p1'], evil.port)
  const change = () => ['endpoints', forged().key, '+', forged().text]
  const next = () => {
    const { text: _, ...statement } = { ...unsignedHead({ ...required(statementOf(head())) }) }
    const { epoch, revision } = statement.position
    return { ...statement, position: { epoch, revision: revision + 1 }, root: 'f'.repeat(64) }
  }

  const attacks: [string, () => Promise<string> | string, () => string[], RegExp][] = [
    [
      'a head that nobody signed',
      () => unsignedHead(next()).text,
      change,
      /at \d+-\d+ \(entry [\d-]+\): it is not signed/,
    ],
    [
      'a head that a key of its own signed',
      async () => (await new HeadSigner(await makeKey('Ed25519')).write(next())).text,
      change,
      /it is signed by key "[\w-]{43}", which is not trusted here/,
    ],
    [
      'a true head, edited',
      () => {
        const [header, , signature] = head().split('.')
        return [header, Buffer.from(JSON.stringify(next())).toString('base64url'), signature].join('.')
      },
      change,
      /its signature is not that of key /,
    ],
    ['a true head, cut short', () => head().slice(0, -50), change, /its signature is not that of key /],
    ['a true head of before', () => head(), change, /its head is at /],
    ["another cluster's head", () => head('west'), change, /it is cluster "west"'s/],
    [
      "another cluster's signed head for this position",
      async () => (await signer.write({ ...next(), cluster: 'west' })).text,
      change,
      /it is cluster "west"'s/,
    ],
    [
      'a true head with other records',
      async () => (await signer.write(next())).text,
      change,
      /Records do not fit the head at /,
    ],
    [
      'a true head without its records',
      async () => (await signer.write(next())).text,
      () => [],
      /Records do not fit the head at /,
    ],
  ]

  test.each(attacks)('and sends followers %s, redirects no request', async (_what, text, changes, why) => {
    expect(await body()).toBe('honest')
    const refused = isRefused(why)
    push(await text(), ...changes())
    await refused
    expect(await body()).toBe('honest')
    await mend()
  })

  test('and puts back all that was true before, takes no gateway back', async () => {
    const keys = redis.cli('KEYS', keyOf('own', '*')).split('\n')
    for (const key of keys) redis.cli('COPY', key, `old:${key}`)
    const before = records
    records = await everyKind('own', evil.port)
    await mend('evil')
    // Now what was there before is what nobody may be taken back to.
    const refused = isRefused(/Cannot load: \d+-\d+ is older than \d+-\d+, which is served/)
    for (const key of keys) redis.cli('COPY', `old:${key}`, key, 'REPLACE')
    await refused
    expect(await body()).toBe('evil')
    for (const key of keys) redis.cli('DEL', `old:${key}`)
    records = before
    await mend()
  })

  test('and shows a gateway that starts what was true too long ago, has it reach no Pod', async () => {
    const registry = new RedisRegistry({
      url: redis.url,
      cluster: 'old',
      heads: signedHeads,
      random: systemRandom,
    })
    const publisher = new Publisher({ writer: registry, cluster: 'old', clock: systemClock, heads: signer })
    await publisher.publish(await everyKind('old', honest.port), systemClock.now() - 7_200_000)
    await registry.close()
    const late = await startServing(['gateway', '--redis', redis.url, '--cluster', 'old'])
    expect((await send({ port: late.port, host: HOST })).status).toBe(503)
    const status = await (await fetch(`${late.console}/api/status`)).json()
    expect(status).toMatchObject({ isStale: true, isSigned: true })
    await late.stop()
  })

  test('and edits records under a whole head, is mended by the next heartbeat once that head is deleted', async () => {
    const options = { url: redis.url, cluster: 'edited', heads: signedHeads, random: systemRandom }
    const registry = new RedisRegistry(options)
    const publisher = new Publisher({
      writer: registry,
      cluster: 'edited',
      clock: systemClock,
      heads: signer,
    })
    await publisher.publish(await everyKind('edited', honest.port), systemClock.now())
    redis.cli('HSET', keyOf('edited', 'records:node'), 'n1', '{}')
    const follower = startFollowing(registry)
    await follower.until(() => follower.troubles.length > 0)
    await publisher.heartbeat(systemClock.now())
    expect(follower.heads).toEqual([])
    redis.cli('DEL', keyOf('edited', 'head'))
    await publisher.heartbeat(systemClock.now())
    await follower.until(() => follower.heads.length > 0)
    await follower.stop()
    await registry.close()
  })

  test('finds no private key in it, whatever form it looks for', () => {
    redis.cli('SAVE')
    const dump = readFileSync(join(folder, `postern-${redis.port}.rdb`)).toString('latin1')
    expect(dump).toContain('shop.localhost')
    const hidden = [signingKey.jwk.d, sealingKey.jwk.d].flatMap((d) => [
      Buffer.from(d, 'base64url'),
      Buffer.from(d),
    ])
    for (const bytes of [...hidden, ...SECRETS.map((text) => Buffer.from(text))]) {
      for (const form of ['latin1', 'hex', 'base64', 'base64url'] as const) {
        expect(dump).not.toContain(bytes.toString(form).replace(/=+$/, ''))
      }
    }
  })
})

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no head')
  return value
}
