import { Agent, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { recordsOf, serviceYaml } from '../support/gateway.ts'
import { send, startHttp, type TestServer } from '../support/http.ts'
import { signedHeads, signer } from '../support/keys.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'

const GATEWAYS = 4
const WINDOW_MS = 8_000
const RATE_PER_S = 100
/** Ours owe what they admit together before they have heard of each other: by now it is paid. */
const WARM_UP = 200

const limits = {
  closed: `${RATE_PER_S}/s burst=10 key=route shared on-error=closed`,
  open: '3/h key=route shared on-error=open',
  once: '1/h key=client shared on-error=closed',
}
type Name = keyof typeof limits
const hostOf = (name: Name): string => `${name}.shop.example.test`

describe.skipIf(!hasRedis)('four gateways count together in Redis', () => {
  let registryRedis: RedisServer
  let limitsRedis: RedisServer
  let pod: TestServer
  let gateways: readonly ServingProcess[]

  beforeAll(async () => {
    registryRedis = await startRedis()
    limitsRedis = await startRedis()
    pod = await startHttp((_request, response) => void response.end('ok'))
    const registry = new RedisRegistry({
      url: registryRedis.url,
      cluster: 'default',
      heads: signedHeads,
      random: systemRandom,
    })
    const publisher = new Publisher({
      writer: registry,
      cluster: 'default',
      clock: systemClock,
      heads: signer,
    })
    const yaml = Object.entries(limits).map(([name, limit]) =>
      serviceYaml({ name, endpoints: [pod.port], annotations: { 'postern.dev/rate-limit': limit } }),
    )
    await publisher.publish(recordsOf(yaml.join('\n---\n')), systemClock.now())
    await registry.close()
    const flags = ['--redis', registryRedis.url, '--limits-redis', limitsRedis.url, '--max-stale', 'off']
    gateways = await Promise.all(Array.from({ length: GATEWAYS }, () => startServing(['gateway', ...flags])))
    for (const { port } of gateways) await becomes(port, 'closed', 200)
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await pod.close()
    await Promise.all([registryRedis.kill(), limitsRedis.kill()])
  })

  const statusOf = async (port: number, name: Name): Promise<number> =>
    (await send({ port, host: hostOf(name) })).status
  const becomes = (port: number, name: Name, wanted: number) =>
    waitFor(
      `a ${wanted} of ${name}`,
      () => statusOf(port, name),
      (status) => status === wanted,
    )

  test('a limit of 100 a second admits that many under load from all, within 5 %', async () => {
    const load = new Load(
      gateways.map(({ port }) => port),
      hostOf('closed'),
    )
    await load.admits(WARM_UP)
    const [before, from] = [load.admitted, performance.now()]
    while (performance.now() - from < WINDOW_MS) await load.admits(1)
    const [after, to] = [load.admitted, performance.now()]
    await load.stop()
    const share = (after - before) / ((RATE_PER_S * (to - from)) / 1000)
    console.log(`admitted ${after - before} in ${Math.round(to - from)} ms, ${(share * 100).toFixed(1)} %`)
    expect(share).toBeGreaterThan(0.95)
    expect(share).toBeLessThan(1.05)
    // Each of them refused what was too much, and none had to be told by another way.
    expect([...load.refusedBy.keys()].sort()).toEqual(gateways.map(({ port }) => port).sort())
    expect(load.others).toEqual([])
  })

  test('who was admitted by one is refused by the others', async () => {
    const [first, ...others] = gateways.map(({ port }) => port)
    expect(await statusOf(first ?? 0, 'once')).toBe(200)
    const keys = await waitFor(
      'the count in Redis',
      () => Promise.resolve(limitsRedis.cli('--scan', '--pattern', 'postern:limit:{default/shop/once:80}:*')),
      (names) => names !== '',
    )
    // Neither the client's address nor anything for ever.
    expect(keys).toMatch(/^postern:limit:\{default\/shop\/once:80\}:[0-9a-f]{32}$/)
    expect(Number(limitsRedis.cli('PTTL', keys))).toBeGreaterThan(3_500_000)
    // Each may admit one before it has heard of the others, and no more.
    const answers = []
    for (let round = 0; round < 3; round++) {
      for (const port of others) answers.push(await statusOf(port, 'once'))
    }
    expect(answers.filter((status) => status === 200).length).toBeLessThan(GATEWAYS)
    for (const { port } of gateways) expect(await statusOf(port, 'once')).toBe(429)
  })

  test('while Redis is away, closed refuses and open goes on by itself; afterwards all is as before', async () => {
    const port = gateways[0]?.port ?? 0
    await limitsRedis.kill()
    await becomes(port, 'closed', 503)
    const { headers } = await send({ port, host: hostOf('closed') })
    expect(headers['retry-after']).toBe('1')
    const open = []
    for (let i = 0; i < 4; i++) open.push(await statusOf(port, 'open'))
    expect(open).toEqual([200, 200, 200, 429])
    expect(gateways[0]?.said()).toContain('Cannot share rate limits with other gateways')
    await limitsRedis.start()
    await becomes(port, 'closed', 200)
    // One that is there and says nothing: no request waits for it.
    limitsRedis.freeze()
    await becomes(port, 'closed', 503)
    limitsRedis.thaw()
    await becomes(port, 'closed', 200)
  })
})

/** Clients that ask every gateway as fast as they are answered. */
class Load {
  admitted = 0
  readonly refusedBy = new Map<number, number>()
  /** Answers that were neither. */
  readonly others: number[] = []
  readonly #agent = new Agent({ keepAlive: true })
  readonly #loops: readonly Promise<void>[]
  #isStopped = false
  #waiting: (() => void)[] = []

  constructor(ports: readonly number[], host: string) {
    this.#loops = ports.map((port) => this.#loop(port, host))
  }

  async admits(count: number): Promise<void> {
    const until = this.admitted + count
    while (this.admitted < until) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  async #loop(port: number, host: string): Promise<void> {
    while (!this.#isStopped) {
      const status = await this.#ask(port, host)
      if (status === 200) {
        this.admitted++
        for (const wake of this.#waiting.splice(0)) wake()
      } else if (status === 429) this.refusedBy.set(port, (this.refusedBy.get(port) ?? 0) + 1)
      else this.others.push(status)
    }
  }

  #ask(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port, headers: { host }, agent: this.#agent },
        (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0))
        },
      )
      outgoing.on('error', reject).end()
    })
  }
}
