import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readRecords } from '../../src/gateway/disk/records-file.node.ts'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster } from '../contract/registry-samples.ts'
import { freePort } from '../support/free-port.ts'
import { startHttp, type TestServer } from '../support/http.ts'
import { signedHeads, signer } from '../support/keys.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { endpointsRecord, routeRecord, serviceRecord } from '../support/records.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'
import { type Backend, startTcpBalancer } from '../support/tcp-balancer.ts'

const HOST = 'web.shop.test'
const CLIENTS = 8
const DAY_MS = 86_400_000
const statusSchema = v.object({
  source: v.nullable(v.string()),
  observedSecondsAgo: v.nullable(v.number()),
  isStale: v.boolean(),
  disk: v.nullable(v.object({ writtenSecondsAgo: v.nullable(v.number()), problem: v.nullable(v.string()) })),
})

/** The directory of the state, on a disk of that size which this process alone sees. */
const onDisk = (folder: string, options: string) => [
  ...['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o ${options} tmpfs "${folder}" && exec "$@"`, 'sh'],
]
const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0

describe.skipIf(!hasRedis)('gateways with a copy of the records on disk', () => {
  const closers: (() => unknown)[] = []
  let folder: string
  let redis: RedisServer
  let registry: RedisRegistry
  let publisher: Publisher
  let pod: TestServer

  beforeAll(async () => {
    pod = await startHttp((_request, response) => void response.end('from the pod'))
  })
  afterAll(() => pod.close())
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-state-'))
    redis = await startRedis()
    registry = new RedisRegistry({ url: redis.url, cluster, heads: signedHeads, random: systemRandom })
    publisher = new Publisher({ writer: registry, cluster, clock: systemClock, heads: signer })
    const records = [routeRecord(HOST, 'shop/web:80'), serviceRecord('shop/web:80')]
    await publisher.publish(
      [...records, endpointsRecord('shop/web/1', ['127.0.0.1'], [], pod.port)],
      systemClock.now(),
    )
  })
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    await registry.close()
    await redis.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    around: readonly string[] = [],
  ): Promise<ServingProcess> {
    const common = ['gateway', '--redis', redis.url, '--cluster', cluster, '--state-dir', folder]
    const gateway = await startServing([...common, ...args], env, around)
    closers.push(() => gateway.stop('SIGKILL'))
    return gateway
  }

  const statusOf = async ({ console }: ServingProcess) =>
    v.parse(statusSchema, await (await fetch(`${console}/api/status`)).json())
  const until = (gateway: ServingProcess, what: string, holds: (status: Status) => boolean) =>
    waitFor(what, () => statusOf(gateway), holds, { timeoutMs: 60_000 })
  type Status = Awaited<ReturnType<typeof statusOf>>
  const untilWritten = (gateway: ServingProcess) =>
    until(gateway, 'the records to be on disk', ({ disk }) => disk?.writtenSecondsAgo !== null)
  const readiness = async ({ console }: ServingProcess) => {
    const response = await fetch(`${console}/readyz`)
    return [response.status, await response.text()]
  }

  /** Says that the records still hold, again and again. */
  function keepBeating(): () => Promise<void> {
    const end = new AbortController()
    const beating = (async () => {
      while (!end.signal.aborted) {
        await publisher.heartbeat(systemClock.now()).catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    })()
    const stop = async (): Promise<void> => {
      end.abort()
      await beating
    }
    closers.push(stop)
    return stop
  }

  test('killed while Redis is away, a gateway starts from disk, and nothing fails once it is ready', async () => {
    const backends: Backend[] = []
    for (let i = 0; i < 2; i++) backends.push({ port: await freePort(), healthPort: await freePort() })
    const startAt = (i: number) => {
      const { port = 0, healthPort = 0 } = backends[i] ?? {}
      const addresses = ['--listen', `127.0.0.1:${port}`, '--console', `127.0.0.1:${healthPort}`]
      return start([...addresses, '--state-dir', join(folder, `${i}`)])
    }
    const gateways = [await startAt(0), await startAt(1)]
    for (const gateway of gateways) await untilWritten(gateway)
    const port = await freePort()
    const balancer = await startTcpBalancer(port, backends)
    closers.push(() => balancer.stop())
    const load = new SteadyLoad(() => port, [HOST], CLIENTS)
    closers.push(() => load.stop())
    await load.answers(100)
    expect(load.failures).toEqual([])

    await redis.kill()
    for (const i of [0, 1]) {
      await gateways[i]?.stop('SIGKILL')
      await load.answers(100)
      const gateway = await startAt(i)
      gateways[i] = gateway
      expect(await statusOf(gateway)).toMatchObject({ source: 'disk', isStale: false })
      expect(await readiness(gateway)).toEqual([200, 'ready'])
      await waitFor(
        'the balancer to send to it',
        async () => {
          // On a connection of its own, which goes to each in turn: those of the load stay where they are.
          await ask(port, HOST, '/')
          return await (await fetch(`${gateway.console}/metrics`)).text()
        },
        (metrics) => metrics.includes('http_server_request_duration_count{'),
      )
      // No more than was under way where the other was killed.
      expect(load.failures.splice(0).length).toBeLessThanOrEqual(CLIENTS)
      const own = new SteadyLoad(() => gateway.port, [HOST], CLIENTS)
      await own.answers(500)
      await own.stop()
      expect([...own.failures, ...load.failures]).toEqual([])
    }
    for (const { console } of gateways) {
      expect(await (await fetch(`${console}/metrics`)).text()).toMatch(
        /^postern_gateway_from_disk(\{.*\})? 1$/m,
      )
    }

    await redis.start()
    await publisher.heartbeat(systemClock.now())
    for (const gateway of gateways) {
      await until(gateway, 'the registry to be served', ({ source }) => source === 'registry')
    }
    await publisher.publish([routeRecord('late.shop.test', 'shop/web:80')], systemClock.now())
    for (const { port: own } of backends) {
      await waitFor(
        'the change to be followed',
        () => ask(own, 'late.shop.test', '/'),
        ({ status }) => status === 200,
      )
    }
    expect(load.failures).toEqual([])
  })

  test.skipIf(!canMount)(
    'a full disk is told, the last good records stay on it, and requests go on',
    async () => {
      const gateway = await start([], {}, onDisk(folder, 'size=64k'))
      await untilWritten(gateway)
      const load = new SteadyLoad(() => gateway.port, [HOST], CLIENTS)
      closers.push(() => load.stop())
      const names = Array.from({ length: 4_000 }, () => `${randomBytes(20).toString('hex')}.test`)
      await publisher.publish(
        names.map((name) => routeRecord(name, 'shop/web:80')),
        systemClock.now(),
      )
      const { disk } = await until(gateway, 'the full disk to be told', (now) => now.disk?.problem !== null)
      expect(disk?.problem).toMatch(/^Cannot write the records in .*test\.records: ENOSPC/)
      expect(gateway.said()).toContain('ENOSPC')
      const metrics = await (await fetch(`${gateway.console}/metrics`)).text()
      expect(metrics).toMatch(/^postern_gateway_disk_writes_total\{.*outcome="failed".*\} [1-9]/m)
      expect(await readiness(gateway)).toEqual([200, 'ready'])
      expect((await ask(gateway.port, names[0] ?? '', '/')).status).toBe(200)
      // As the gateway sees it.
      const { pid = 0 } = gateway.child
      const path = join('/proc', `${pid}`, 'root', folder, `${cluster}.records`)
      expect((await readRecords(path, cluster, signedHeads))?.records).toHaveLength(3)

      const remount = ['-t', `${pid}`, '-m', 'mount', '-o', 'remount,size=16m', folder]
      expect(spawnSync('nsenter', remount).status).toBe(0)
      await until(gateway, 'the records to be written', (now) => now.disk?.problem === null)
      expect((await readRecords(path, cluster, signedHeads))?.records).toHaveLength(4_003)
      await load.answers(100)
      expect(load.failures).toEqual([])
    },
  )

  test.skipIf(!canMount)('a disk that cannot be written is told, and requests go on', async () => {
    const gateway = await start([], {}, onDisk(folder, 'ro'))
    const { disk } = await until(gateway, 'that to be told', (now) => now.disk?.problem !== null)
    expect(disk?.problem).toMatch(/^Cannot write the records in .*test\.records: EROFS/)
    expect(await readiness(gateway)).toEqual([200, 'ready'])
    expect((await ask(gateway.port, HOST, '/')).status).toBe(200)
  })

  test('a clock that is set makes nothing stale and keeps nothing fresh; what is stale is refused until it is not', async () => {
    const file = join(folder, 'clock')
    writeFileSync(file, '0')
    const preload = new URL('../support/settable-clock.ts', import.meta.url).href
    const clockEnv = { POSTERN_TEST_CLOCK: file, NODE_OPTIONS: `--import ${preload}` }
    const flags = ['--max-stale', '5s']
    const stopBeating = keepBeating()
    const gateway = await start(flags, clockEnv)
    const load = new SteadyLoad(() => gateway.port, [HOST], CLIENTS)
    for (const shiftMs of [DAY_MS, -DAY_MS, 0]) {
      writeFileSync(file, `${shiftMs}`)
      gateway.child.kill('SIGUSR2')
      await waitFor('the clock to be set', gateway.said, (text) => text.includes(`set by ${shiftMs} ms`))
      const { revision = 0 } = (await registry.load(new AbortController().signal)).after?.position ?? {}
      await waitFor(
        'heartbeats of then to be taken in',
        async () => (await registry.load(new AbortController().signal)).after?.position.revision ?? 0,
        (now) => now > revision + 5,
      )
      await load.answers(200)
      expect(await statusOf(gateway)).toMatchObject({ source: 'registry', isStale: false })
    }
    await load.stop()
    expect(load.failures).toEqual([])

    await stopBeating()
    writeFileSync(file, `${-DAY_MS}`)
    gateway.child.kill('SIGUSR2')
    await until(gateway, 'the news to be too old', ({ isStale }) => isStale)
    expect((await ask(gateway.port, HOST, '/')).status).toBe(503)
    const explained = await fetch(`${gateway.console}/api/explain?url=http://${HOST}/`)
    expect(await explained.text()).toContain('--max-stale is 5 s')
    // All gateways are so together: a balancer without any of them would serve nobody.
    expect(await readiness(gateway)).toEqual([200, 'ready'])
    await publisher.heartbeat(systemClock.now())
    await until(gateway, 'the news to be new', ({ isStale }) => !isStale)
    expect(await ask(gateway.port, HOST, '/')).toEqual({ status: 200, body: 'from the pod' })
  })

  test('what on disk is too old makes no gateway ready, whatever the clock says, until the registry answers', async () => {
    const file = join(folder, 'clock')
    writeFileSync(file, `${-DAY_MS}`)
    const preload = new URL('../support/settable-clock.ts', import.meta.url).href
    const clockEnv = { POSTERN_TEST_CLOCK: file, NODE_OPTIONS: `--import ${preload}` }
    const first = await start()
    await untilWritten(first)
    await redis.kill()
    await first.stop('SIGKILL')

    const lenient = await start([], clockEnv)
    expect(await statusOf(lenient)).toMatchObject({ source: 'disk', isStale: false })
    expect((await ask(lenient.port, HOST, '/')).status).toBe(200)
    await lenient.stop('SIGKILL')

    const strict = await start(['--max-stale', '1ms'], clockEnv)
    expect(await statusOf(strict)).toMatchObject({ source: 'disk', isStale: true })
    expect(await readiness(strict)).toEqual([503, expect.stringContaining('older than --max-stale')])
    expect((await ask(strict.port, HOST, '/')).status).toBe(503)
    await redis.start()
    await publisher.heartbeat(systemClock.now())
    await waitFor(
      'the gateway to be ready',
      () => readiness(strict),
      ([status]) => status === 200,
    )
  })
})
