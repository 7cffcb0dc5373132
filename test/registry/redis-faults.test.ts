import { readFileSync } from 'node:fs'
import { createServer, connect as dial, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { RedisRateStore } from '../../src/limits/redis-rate-store.ts'
import { systemRandom } from '../../src/model/clock.node.ts'
import type { Head } from '../../src/registry/head.ts'
import type { RegistryError, StoredChange } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisConnection } from '../../src/registry/redis/connection.node.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster, frozenClock, headAt, route, sortedByKey } from '../contract/registry-samples.ts'
import { startFollowing } from '../support/following.ts'
import { altered } from '../support/keys.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function redisServer(extra: readonly string[] = []): Promise<RedisServer> {
  const redis = await startRedis(extra)
  closers.push(() => redis.kill())
  return redis
}

function connect(
  url: string,
  options: Partial<ConstructorParameters<typeof RedisRegistry>[0]> = {},
): RedisRegistry {
  const registry = new RedisRegistry({ url, cluster, heads: anyHeads, random: systemRandom, ...options })
  closers.push(() => registry.close())
  return registry
}

const publisherTo = (registry: RedisRegistry) =>
  new Publisher({ writer: registry, cluster, clock: frozenClock })
const loadOf = (registry: RedisRegistry) => registry.load(new AbortController().signal)
const one = headAt(1, 1)
const two = headAt(1, 2)
const increment = (expected: Head | undefined, head: Head, ...changes: StoredChange[]) => ({
  expected: expected?.position,
  head,
  changes,
  isWhole: false,
})

function following(registry: RedisRegistry) {
  const follower = startFollowing(registry)
  closers.push(follower.stop)
  return follower
}

async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

async function failure(promise: Promise<unknown>): Promise<RegistryError> {
  return await promise.then(
    () => expect.fail('it should have failed'),
    (error) => error,
  )
}

describe.skipIf(!hasRedis)('the registry in Redis', () => {
  test('a key of another type is named, and the next publish mends it', async () => {
    const redis = await redisServer()
    const registry = connect(redis.url)
    const publisher = publisherTo(registry)
    await publisher.publish([route('a', '1')], 1000)
    redis.cli('DEL', `postern:{${cluster}}:records:route`)
    redis.cli('SET', `postern:{${cluster}}:records:route`, 'x')
    expect(await failure(loadOf(registry))).toMatchObject({
      code: 'invalid',
      message: /records:route.*WRONGTYPE/,
    })
    const refused = await failure(publisher.publish([route('b', '2')], 2000))
    expect(refused).toMatchObject({ code: 'invalid', message: /records:route is of another type/ })
    await publisher.heartbeat(3000)
    expect(sortedByKey((await loadOf(registry)).records)).toEqual([route('a', '1'), route('b', '2')])
  })

  test.each(['head', 'kinds', 'changes'])(
    'a %s of another type is mended by a whole publish',
    async (name) => {
      const redis = await redisServer()
      const registry = connect(redis.url)
      const publisher = publisherTo(registry)
      await publisher.publish([route('a', '1')], 1000)
      redis.cli('DEL', `postern:{${cluster}}:${name}`)
      redis.cli('LPUSH', `postern:{${cluster}}:${name}`, 'x')
      await publisher.publish([route('b', '2')], 2000).catch(() => {})
      await publisher.heartbeat(3000)
      expect(sortedByKey((await loadOf(registry)).records)).toEqual([route('a', '1'), route('b', '2')])
    },
  )

  test('a head that cannot be read is told, the follower keeps what it has, and the publisher writes anew', async () => {
    const redis = await redisServer()
    const registry = connect(redis.url)
    const publisher = publisherTo(registry)
    await publisher.publish([route('a', '1')], 1000)
    const follower = following(registry)
    await follower.until(() => follower.records.has('a'))
    redis.cli('HSET', `postern:{${cluster}}:head`, 'text', 'garbage', 'epoch', 'x')
    expect(await failure(loadOf(registry))).toMatchObject({ code: 'invalid', message: /it is no head/ })
    expect(follower.records.get('a')).toBe('1')
    await publisher.publish([route('b', '2')], 2000)
    await follower.until(() => follower.records.has('b'))
    expect(follower.records.get('a')).toBe('1')
  })

  test("another cluster's head under our keys is refused", async () => {
    const redis = await redisServer()
    const registry = connect(redis.url)
    const foreign = altered(one, { cluster: 'elsewhere' })
    await registry.publish(increment(undefined, foreign, route('a', '1')))
    expect(await failure(loadOf(registry))).toMatchObject({ code: 'invalid', message: /"elsewhere"/ })
  })

  test.each([
    ['a change cut short', ['route', 'a', '+']],
    ['an operation that is none', ['route', 'a', '*', '1']],
  ])('an entry with %s sends the follower back to a load', async (_name, fields) => {
    const redis = await redisServer()
    const registry = connect(redis.url)
    await registry.publish(increment(undefined, one))
    const key = `postern:{${cluster}}:changes`
    const fixed = ['head', JSON.stringify(two), 'previous', '1-1', 'at', '0', 'bytes', '0']
    const padded = (fields.length % 2 === 0 ? fields : [...fields, 'x', 'y', 'z']).map(String)
    redis.cli('XADD', key, '1-2', ...fixed, ...padded)
    const entries = registry.entries(one.position, new AbortController().signal)
    const [first] = [await failure(collect(entries))]
    expect(first).toMatchObject({ code: 'invalid', message: /Cannot read entry 1-2/ })
  })

  test('a wrong password is unreachable, and the message does not repeat it', async () => {
    const redis = await redisServer(['--requirepass', 'right'])
    const url = redis.url.replace('redis://', 'redis://:wrong-secret@')
    const error = await failure(loadOf(connect(url)))
    expect(error.code).toBe('unreachable')
    expect(error.message).toMatch(/WRONGPASS|NOAUTH/)
    expect(error.message).not.toContain('wrong-secret')
    await loadOf(connect(redis.url.replace('redis://', 'redis://:right@')))
  })

  test('a follower goes on after Redis was killed and came back empty, once the publisher has repaired it', async () => {
    const redis = await redisServer()
    const publisher = publisherTo(connect(redis.url))
    await publisher.publish([route('a', '1')], 1000)
    const follower = following(connect(redis.url))
    await follower.until(() => follower.records.has('a'))
    await redis.kill()
    await follower.until(() => follower.troubles.length > 0)
    expect(await failure(publisher.publish([route('b', '2')], 2000))).toMatchObject({ code: 'unreachable' })
    expect(follower.records.get('a')).toBe('1')
    await redis.start()
    while (await publisher.heartbeat(3000).catch((error: Error) => error)) await new Promise(setImmediate)
    await follower.until(() => follower.records.has('b'))
    expect([...follower.records]).toEqual(expect.arrayContaining([['a', '1']]))
  })

  test('a flush is repaired within one heartbeat, and the follower keeps serving meanwhile', async () => {
    const redis = await redisServer()
    const publisher = publisherTo(connect(redis.url))
    await publisher.publish([route('a', '1')], 1000)
    const follower = following(connect(redis.url))
    await follower.until(() => follower.records.has('a'))
    redis.cli('FLUSHALL')
    await publisher.heartbeat(2000)
    await publisher.publish([route('b', '2')], 3000)
    await follower.until(() => follower.records.has('b'))
    expect(follower.records.get('a')).toBe('1')
  })

  test('an older dump that was restored is repaired within one heartbeat', async () => {
    const redis = await redisServer()
    const registry = connect(redis.url)
    const publisher = publisherTo(registry)
    await publisher.publish([route('a', 'old')], 1000)
    const keys = ['head', 'kinds', 'records:route'].map((name) => `postern:{${cluster}}:${name}`)
    for (const key of keys) redis.cli('COPY', key, `saved:${key}`)
    await publisher.publish([route('a', 'new')], 2000)
    for (const key of keys) redis.cli('COPY', `saved:${key}`, key, 'REPLACE')
    // The stream is ahead of the head now.
    await publisher.heartbeat(3000)
    expect((await loadOf(registry)).records).toEqual([route('a', 'new')])
    const follower = following(connect(redis.url))
    await follower.until(() => follower.records.get('a') === 'new')
    await publisher.publish([route('b', '1')], 4000)
    await follower.until(() => follower.records.has('b'))
  })

  test('of two writers that race one wins each time, and the other is told', async () => {
    const redis = await redisServer()
    const [left, right] = [connect(redis.url), connect(redis.url)]
    for (let revision = 1; revision <= 20; revision++) {
      const before = revision === 1 ? undefined : headAt(1, revision - 1)
      const results = await Promise.all(
        [left, right].map((registry, i) =>
          registry.publish(increment(before, headAt(1, revision), route('who', `${i}`))),
        ),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    }
  })

  test('the stream is trimmed by bytes, and a follower that was away learns it', async () => {
    const redis = await redisServer()
    const registry = connect(redis.url, { maxStreamBytes: 10_000 })
    await registry.publish(increment(undefined, one))
    for (let revision = 2; revision <= 40; revision++) {
      const change = route('a', 'x'.repeat(1000))
      await registry.publish(increment(headAt(1, revision - 1), headAt(1, revision), change))
    }
    expect(Number(redis.cli('XLEN', `postern:{${cluster}}:changes`))).toBeLessThan(12)
    const entries = registry.entries(one.position, new AbortController().signal)
    expect(await collect(entries)).toEqual(['gap'])
  })

  test('the stream is trimmed by age', async () => {
    const redis = await redisServer()
    const registry = connect(redis.url, { maxStreamAgeMs: -1 })
    await registry.publish(increment(undefined, one))
    await registry.publish(increment(one, two))
    expect(redis.cli('XLEN', `postern:{${cluster}}:changes`)).toBe('1')
  })

  test('the users of infra/redis/users.acl may do what they need, and gateways may not write', async () => {
    const file = new URL('../../infra/redis/users.acl', import.meta.url)
    const redis = await redisServer(['--aclfile', file.pathname])
    const as = (user: string) => redis.url.replace('redis://', `redis://${user}:change-me-${user}@`)
    const publisher = publisherTo(connect(as('agent')))
    await publisher.publish([route('a', '1')], 1000)
    const many = Array.from({ length: 3000 }, (_, i) => route(`h${i}`, `${i}`))
    await publisher.publish(many, 1500)
    const follower = following(connect(as('gateway')))
    await follower.until(() => follower.records.size === 3001)
    await publisher.publish([route('b', '2')], 2000)
    await follower.until(() => follower.records.has('b'))
    const intruder = await failure(connect(as('gateway')).publish(increment(undefined, headAt(9, 9))))
    expect(intruder.message).toMatch(/NOPERM/)
  })

  test('gateways of that file may count requests, and by no script reach a record', async () => {
    const file = new URL('../../infra/redis/users.acl', import.meta.url)
    const redis = await redisServer(['--aclfile', file.pathname])
    const url = redis.url.replace('//', '//gateway:change-me-gateway@')
    const connection = new RedisConnection({ url, random: systemRandom })
    closers.push(() => connection.close())
    const store = new RedisRateStore((...command) => connection.call(...command), cluster)
    await store.ping()
    expect(await store.add('shop/web:80', 1_000, [{ key: 'a', count: 2 }])).toHaveLength(1)
    for (const script of [
      `return redis.call('SET', 'postern:{${cluster}}:head', '')`,
      `return redis.call('HSET', 'postern:{${cluster}}:head', 'a', 'b')`,
      "return redis.call('GET', 'another:key')",
      "return redis.call('DEL', 'postern:limit:{a}:b')",
    ]) {
      await expect(connection.call('try', 'EVAL', script, 0)).rejects.toThrow(
        /The user executing the script can't/,
      )
    }
  })

  test.each(['agent', 'gateway'])(
    'user %s of that file cannot look at other clients, stop or end them',
    async (user) => {
      const file = new URL('../../infra/redis/users.acl', import.meta.url)
      const redis = await redisServer(['--aclfile', file.pathname])
      const random = systemRandom
      const connection = new RedisConnection({
        url: redis.url.replace('//', `//${user}:change-me-${user}@`),
        random,
      })
      closers.push(() => connection.close())
      for (const words of [['LIST'], ['PAUSE', '1000'], ['KILL', 'TYPE', 'normal'], ['NO-EVICT', 'on']]) {
        await expect(connection.call('try', 'CLIENT', ...words)).rejects.toThrow(/NOPERM/)
      }
    },
  )
})

test('a connection whose other end is gone without a word is given up, and a new one made', async () => {
  const redis = await redisServer()
  let isSilent = false
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = dial(redis.port, '127.0.0.1')
    // From now on what comes over this connection is lost, as when a node has lost its power.
    const isLost = (): boolean => isSilent && sockets.has(client)
    for (const socket of [client, server]) socket.on('error', () => {})
    client.on('data', (chunk) => void (isLost() || server.write(chunk)))
    server.on('data', (chunk) => void (isLost() || client.write(chunk)))
    closers.push(() => {
      client.destroy()
      server.destroy()
    })
    if (!isSilent) sockets.add(client)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  closers.push(() => proxy.close())
  const address = proxy.address()
  const url = `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const connection = new RedisConnection({ url, random: systemRandom }, 200)
  closers.push(() => connection.close())
  expect(await connection.call('ask', 'PING')).toBe('PONG')
  isSilent = true
  await expect(connection.call('ask', 'PING')).rejects.toThrow(/^Cannot ask/)
  const answers = await waitFor(
    'a new connection',
    () => connection.call('ask', 'PING'),
    (reply) => reply === 'PONG',
  )
  expect(answers).toBe('PONG')
})

describe('something that is no Redis', () => {
  async function impostor(onSocket: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}))
      onSocket(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const address = server.address()
    return `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  }

  test.each<[string, (socket: Socket) => void]>([
    [
      'answers garbage',
      (socket) => socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ],
    ['closes', (socket) => socket.destroy()],
    ['answers errors', (socket) => socket.on('data', () => socket.write('-ERR unknown command\r\n'))],
    ['answers other things', (socket) => socket.on('data', () => socket.write(':1\r\n'))],
  ])('one that %s is an error, not an end', async (_name, onSocket) => {
    const registry = connect(await impostor(onSocket))
    expect((await failure(loadOf(registry))).message).toMatch(/^Cannot/)
    expect((await failure(registry.publish(increment(undefined, one)))).message).toMatch(/^Cannot/)
  })
})

test('the ACL in the manifests is the one that is tested', () => {
  const read = (path: string) => readFileSync(new URL(`../../infra/${path}`, import.meta.url), 'utf8')
  const indented = read('redis/users.acl').trim().replaceAll(/^/gm, '    ')
  expect(read('kustomize/redis.yaml')).toContain(indented)
})
