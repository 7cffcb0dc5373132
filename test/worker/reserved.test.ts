import { afterAll, beforeAll, expect, test } from 'vitest'
import { serviceYaml } from '../support/gateway.ts'
import { echo, send, startHttp, type TestServer } from '../support/http.ts'
import { keyBindings } from '../support/keys.ts'
import { CLUSTER, type Published, publishBehindRelay } from '../support/published.ts'
import { TOKEN } from '../support/relay.ts'
import { bundleWorker, startWorkerd, type WorkerBundle, type Workerd } from '../support/workerd.ts'

const STATUS_TOKEN = 'status-token-0123456789'

let bundle: WorkerBundle
let pod: TestServer
let published: Published
let workerd: Workerd
beforeAll(async () => {
  bundle = bundleWorker()
  pod = await startHttp(echo)
  published = await publishBehindRelay(serviceYaml({ endpoints: [pod.port] }))
  workerd = await startWorkerd({
    script: bundle.script,
    bindings: {
      ...keyBindings,
      RELAY_URL: published.relay.url,
      RELAY_TOKEN: TOKEN,
      CLUSTER,
      PODS: 'direct',
      STATUS_TOKEN,
    },
  })
})
afterAll(async () => {
  await workerd.stop()
  await published.close()
  await pod.close()
  bundle.remove()
})

async function status(query = '') {
  const headers = { authorization: `Bearer ${STATUS_TOKEN}` }
  return JSON.parse((await send({ port: workerd.port, path: `/.postern/status${query}`, headers })).body)
}

test('health answers everybody, on every host', async () => {
  const health = await send({ port: workerd.port, host: 'nobody.test', path: '/.postern/health' })
  expect(health).toMatchObject({ status: 200, body: 'ok', headers: { 'cache-control': 'no-store' } })
  expect((await send({ port: workerd.port, path: '/.postern/other' })).status).toBe(404)
})

test('the status opens to its token only', async () => {
  for (const authorization of [undefined, 'Bearer', 'Bearer wrong', `Basic ${STATUS_TOKEN}`]) {
    const headers = authorization === undefined ? {} : { authorization }
    const { status, body } = await send({ port: workerd.port, path: '/.postern/status', headers })
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 401, body: { error: 'unauthorized' } })
  }
})

test('what the platform cannot do is a problem of the Service', async () => {
  await send({ port: workerd.port })
  expect((await status()).hosts[0]).toMatchObject({
    host: 'web.shop.example.test',
    routes: [{ service: 'shop/web:80', endpoints: 1 }],
    problems: [{ code: 'platform-unsupported', severity: 'warning', kind: 'Service', name: 'web' }],
  })
  const headers = { 'content-type': 'application/grpc', 'content-length': '1' }
  expect((await send({ port: workerd.port, method: 'POST', headers, body: 'x' })).status).toBe(501)
  const [host] = (await status('?host=web.shop.example.test')).hosts
  expect(host.problems[0]).toMatchObject({ severity: 'error', message: expect.stringContaining('gRPC') })
  expect((await status('?host=other.test')).hosts).toEqual([])
})

test('random hostnames are bounded, and known ones stay', async () => {
  await send({ port: workerd.port })
  for (let i = 0; i < 50; i++) {
    expect((await send({ port: workerd.port, host: `x${i}.test` })).status).toBe(404)
  }
  const { held } = await status()
  expect(held.hosts).toBe(1)
  expect(held.guests).toBeGreaterThanOrEqual(50)
})

test('a Worker without a way to Pods says so', async () => {
  const shut = await startWorkerd({
    script: bundle.script,
    bindings: { ...keyBindings, RELAY_URL: published.relay.url, RELAY_TOKEN: TOKEN, CLUSTER },
  })
  const answer = await send({ port: shut.port })
  expect(answer).toMatchObject({
    status: 501,
    headers: { 'proxy-status': 'postern; error=proxy_configuration_error' },
  })
  await shut.stop()
})

test('a Worker whose variables make no sense serves nothing, and names them in its log', async () => {
  const said: string[] = []
  const wrong = await startWorkerd({
    script: bundle.script,
    bindings: { REFRESH: 'soon' },
    onLog: (line) => void said.push(line),
  })
  expect((await send({ port: wrong.port })).status).toBe(500)
  await wrong.stop()
  expect(said.join('\n')).toMatch(/Cannot read variable RELAY_URL[\s\S]*Cannot read variable REFRESH/)
})
