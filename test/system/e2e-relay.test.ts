import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster } from '../contract/registry-samples.ts'
import { refusedPort } from '../support/free-port.ts'
import { startHttp, type TestServer } from '../support/http.ts'
import { signedHeads, signer } from '../support/keys.ts'
import {
  type PosternProcess,
  startAgent,
  startPostern,
  startRelayProcess,
  startServing,
} from '../support/postern-process.ts'
import { endpointsRecord, routeRecord, serviceRecord } from '../support/records.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'

const TOKEN = 'system-token-0123456789'
const HOST = 'shop.localhost'
const common = ['--cluster', cluster]

async function ask(port: number): Promise<string> {
  const [response] = await once(
    get({ port, host: '127.0.0.1', headers: { host: HOST }, agent: false }),
    'response',
  )
  return await text(response)
}

describe.skipIf(!hasRedis)('gateways behind a relay', () => {
  const processes: PosternProcess[] = []
  const backends: TestServer[] = []
  let redis: RedisServer
  let registry: RedisRegistry
  let publisher: Publisher

  beforeAll(async () => {
    redis = await startRedis()
    registry = new RedisRegistry({ url: redis.url, cluster, heads: signedHeads, random: systemRandom })
    publisher = new Publisher({ writer: registry, cluster, clock: systemClock, heads: signer })
    for (const says of ['one', 'two'])
      backends.push(await startHttp((_request, response) => void response.end(says)))
    await publisher.publish(
      [routeRecord(HOST, 'shop/web:80'), serviceRecord('shop/web:80'), endpointsOn(0)],
      systemClock.now(),
    )
  })
  afterAll(async () => {
    for (const each of processes) await each.stop('SIGKILL')
    for (const backend of backends) await backend.close()
    await registry.close()
    await redis.kill()
  })

  const endpointsOn = (index: number) =>
    endpointsRecord('shop/web/a', ['127.0.0.1'], [], backends[index]?.port ?? 0)
  const change = (index: number) => publisher.publish([endpointsOn(index)], systemClock.now())
  const answers = (port: number, says: string) =>
    waitFor(
      `the answer ${says}`,
      () => ask(port),
      (said) => said === says,
    )

  async function relay(...args: string[]) {
    const started = await startRelayProcess([...common, '--token', TOKEN, ...args])
    processes.push(started)
    return started
  }

  async function gateway(relayPort: number) {
    const url = `http://127.0.0.1:${relayPort}`
    const started = await startServing(['gateway', ...common, '--relay-url', url, '--relay-token', TOKEN])
    processes.push(started)
    return started
  }

  test('serve what changes, outlive Redis and the relay, and start while Redis is away', async () => {
    const first = await relay('--redis', redis.url)
    const behind = await relay('--relay-url', `http://127.0.0.1:${first.port}`, '--relay-token', TOKEN)
    const [near, far] = [await gateway(first.port), await gateway(behind.port)]
    for (const { port } of [near, far]) await answers(port, 'one')
    await change(1)
    for (const { port } of [near, far]) await answers(port, 'two')

    await redis.kill()
    const late = await gateway(behind.port)
    for (const { port } of [near, far, late]) expect(await ask(port)).toBe('two')

    await first.stop('SIGKILL')
    for (const { port } of [near, far, late]) expect(await ask(port)).toBe('two')

    await redis.start()
    await change(0)
    await relay('--redis', redis.url, '--listen', `127.0.0.1:${first.port}`)
    for (const { port } of [near, far, late]) await answers(port, 'one')
    expect(behind.said()).not.toContain(TOKEN)
  }, 60_000)

  test('are refused with a wrong token, which is counted and never said', async () => {
    const { port, console } = await relay('--redis', redis.url)
    const wrong = 'a-wrong-token-0123456789'
    const refused = startPostern([
      ...['gateway', ...common, '--listen', '127.0.0.1:0', '--console', '127.0.0.1:0'],
      ...['--relay-url', `http://127.0.0.1:${port}`, '--relay-token', wrong],
    ])
    processes.push(refused)
    const said = await waitFor('the reason', refused.said, (text) => text.includes('401'))
    expect(said).toMatch(/postern: Cannot read http:.*\/v1\/registry: status 401: the token is wrong/)
    const metrics = await (await fetch(`${console}/metrics`)).text()
    expect(metrics).toMatch(/postern_relay_requests_total\{.*status="401".*\} [1-9]/)
    expect(said + metrics).not.toContain(wrong)
  })

  test('an agent serves the registry from its own process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-relay-'))
    const [kubeconfig, tokens] = [join(folder, 'kubeconfig'), join(folder, 'tokens')]
    // Nobody answers there: what the registry holds is served meanwhile.
    const here = { name: 'here' }
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [{ ...here, cluster: { server: `http://127.0.0.1:${await refusedPort()}` } }],
        users: [{ ...here, user: {} }],
        contexts: [{ ...here, context: { cluster: 'here', user: 'here' } }],
        'current-context': 'here',
      }),
    )
    writeFileSync(tokens, `an-older-token-0123456789\n${TOKEN}\n`)
    const agent = await startAgent([
      ...['--redis', redis.url, ...common, '--kubeconfig', kubeconfig],
      ...['--serve-relay', '127.0.0.1:0', '--token', `@${tokens}`],
    ])
    processes.push(agent)
    const port = Number(/relay on http:\/\/127\.0\.0\.1:(\d+)/.exec(agent.said())?.[1])
    const { port: gatewayPort } = await gateway(port)
    await answers(gatewayPort, 'one')
    rmSync(folder, { recursive: true })
  })

  test('an agent with --serve-relay and no token refuses to start beyond loopback', async () => {
    const agent = startPostern(['agent', '--redis', redis.url, '--serve-relay', '0.0.0.0:0'])
    await once(agent.child, 'exit')
    expect([agent.child.exitCode, agent.said()]).toEqual([
      2,
      expect.stringContaining('--token (or POSTERN_TOKEN)'),
    ])
  })
})
