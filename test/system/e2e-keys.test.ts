import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send, startHttp, type TestServer } from '../support/http.ts'
import { keyFiles, noKeys, signingKey } from '../support/keys.ts'
import { startPostern, startServing } from '../support/postern-process.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { HOST, RedisClusters } from '../support/redis-clusters.ts'

/** What a program says that ends by itself, and its exit code. */
async function ended(args: readonly string[], env: NodeJS.ProcessEnv): Promise<[number | null, string]> {
  const postern = startPostern(args, env)
  await once(postern.child, 'close')
  return [postern.child.exitCode, postern.said()]
}

const nowhere = ['--redis', 'redis://127.0.0.1:1', '--console', '127.0.0.1:0']

test.each([
  ['agent', '--signing-key (or POSTERN_SIGNING_KEY) is missing: `postern keys make` makes a pair'],
  ['gateway', '--trusted-keys (or POSTERN_TRUSTED_KEYS) is missing: `postern keys make` makes a pair'],
])('%s does not start without keys, and says how to make them', async (command, why) => {
  const [code, said] = await ended([command, ...nowhere], noKeys)
  expect([code, said]).toEqual([2, expect.stringContaining(why)])
})

test.each([
  [
    'gateway',
    { POSTERN_TRUSTED_KEYS: keyFiles.signing },
    'key 1: it is a private key: only its public part belongs here',
  ],
  [
    'gateway',
    { POSTERN_TRUSTED_KEYS: keyFiles.gateways },
    'key 1: it is of curve X25519, and Ed25519 is needed',
  ],
  ['gateway', { POSTERN_TRUSTED_KEYS: '/nowhere' }, 'Cannot read the trusted keys in /nowhere: ENOENT'],
  ['gateway', { POSTERN_SEALING_KEY: keyFiles.gateways }, 'key 1: its member "d" is missing or wrong'],
  [
    'gateway',
    { POSTERN_SEALING_KEY: keyFiles.gateways, POSTERN_WORKERS: '2' },
    'its member "d" is missing or wrong',
  ],
  ['agent', { POSTERN_SIGNING_KEY: keyFiles.trusted }, 'key 1: its member "d" is missing or wrong'],
  ['agent', { POSTERN_SIGNING_KEY: '/nowhere' }, 'Cannot read the signing key in /nowhere: ENOENT'],
])('%s says what is wrong with its keys, and nothing of what they hold: %j', async (command, env, why) => {
  const [code, said] = await ended([command, ...nowhere], env)
  expect([code, said]).toEqual([1, expect.stringContaining(why)])
  expect(said).not.toContain(signingKey.jwk.d)
})

describe.skipIf(!hasRedis)('a gateway', () => {
  let redis: RedisServer
  let backend: TestServer
  let published: RedisClusters
  beforeAll(async () => {
    redis = await startRedis()
    backend = await startHttp((_request, response) => void response.end('served'))
    published = new RedisClusters(redis.url)
    await published.expose('own', [backend.port])
  })
  afterAll(async () => {
    await published.close()
    await backend.close()
    await redis.kill()
  })

  test.each([
    ['that asks for signatures', [], {}, true],
    ['that does without', ['--unsigned'], noKeys, false],
  ])('%s shows it', async (_what, flags, env, isSigned) => {
    const gateway = await startServing(['gateway', '--redis', redis.url, '--cluster', 'own', ...flags], env)
    expect((await send({ port: gateway.port, host: HOST })).body).toBe('served')
    expect(await (await fetch(`${gateway.console}/api/status`)).json()).toMatchObject({ isSigned })
    const metrics = await (await fetch(`${gateway.console}/metrics`)).text()
    expect(metrics).toMatch(new RegExp(`^postern_gateway_signed(\\{.*\\})? ${Number(isSigned)}$`, 'm'))
    expect(gateway.said().includes('postern: warning: records are taken without signatures')).toBe(!isSigned)
    await gateway.stop()
  })
})
