import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type KeyRing, makeRing, retireRing, rotateRing } from '../../src/cli/keys/key-ring.ts'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { HeadSigner } from '../../src/registry/signed-heads.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { send, startHttp } from '../support/http.ts'
import { noKeys } from '../support/keys.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { endpointsRecord, routeRecord, serviceRecord } from '../support/records.ts'
import { hasRedis, startRedis } from '../support/redis.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** An agent, as far as gateways can tell, and gateways with the keys of a ring. */
async function stage() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-rotation-'))
  const redis = await startRedis()
  const registry = new RedisRegistry({
    url: redis.url,
    cluster: 'own',
    heads: anyHeads,
    random: systemRandom,
  })
  closers.push(
    () => rmSync(folder, { recursive: true }),
    () => redis.kill(),
    () => registry.close(),
  )
  const agent = ({ signing }: KeyRing) =>
    new Publisher({ writer: registry, cluster: 'own', clock: systemClock, heads: new HeadSigner(signing) })
  const gateway = async ({ trusted }: KeyRing): Promise<ServingProcess> => {
    const path = join(folder, 'trusted.jwks')
    writeFileSync(path, JSON.stringify({ keys: trusted.map(({ jwk }) => jwk) }))
    const source = ['--redis', redis.url, '--cluster', 'own', '--trusted-keys', path]
    const started = await startServing(['gateway', ...source], noKeys)
    closers.push(() => started.stop())
    return started
  }
  const backend = async (says: string) => {
    const server = await startHttp((_request, response) => void response.end(says))
    closers.push(server.close)
    const endpoints = endpointsRecord('shop/web/a', ['127.0.0.1'], [], server.port)
    return [routeRecord('shop.localhost', 'shop/web:80'), serviceRecord('shop/web:80'), endpoints]
  }
  return { agent, gateway, backend }
}

const body = async ({ port }: ServingProcess) => (await send({ port, host: 'shop.localhost' })).body

test.skipIf(!hasRedis)('keys are changed step by step while requests go on', async () => {
  const { agent, gateway, backend } = await stage()
  const [one, two, three] = [await backend('one'), await backend('two'), await backend('three')]
  const old = await makeRing()
  const both = await rotateRing(old)
  const last = retireRing(both)

  await agent(old).publish(one, systemClock.now())
  const before = await gateway(old)
  expect(await body(before)).toBe('one')
  const between = await gateway(both)
  expect(await body(between)).toBe('one')

  // The agent goes over; a gateway that was left out goes on with what it has, and says why.
  await agent(both).publish(two, systemClock.now())
  await waitFor(
    'the new key to be taken',
    () => body(between),
    (now) => now === 'two',
  )
  await waitFor('the refusal', before.said, (text) =>
    text.includes(`it is signed by key "${both.signing.id}", which is not trusted here: ${old.signing.id}`),
  )
  expect(await body(before)).toBe('one')

  const after = await gateway(last)
  expect(await body(after)).toBe('two')
  // What the old key signs is worth nothing from now on.
  await agent(old).publish(three, systemClock.now())
  await waitFor('the refusal', after.said, (text) =>
    text.includes(`it is signed by key "${old.signing.id}", which is not trusted here: ${last.signing.id}`),
  )
  expect(await body(after)).toBe('two')
})
