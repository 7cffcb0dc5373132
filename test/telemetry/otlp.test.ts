import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/model/clock.node.ts'
import { startTelemetry, type TelemetryOptions } from '../../workers/node/telemetry.ts'
import { SAMPLED, start } from './start.ts'

const ok = { status: 200, error: undefined, bytesReceived: 1, bytesSent: 2 }
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const begin = (options: Partial<TelemetryOptions> = {}) =>
  startTelemetry({
    serviceName: 'gateway',
    version: '1.2.3',
    traceRatio: 1,
    accessLog: 'off',
    clock: systemClock,
    ...options,
  })

async function listenAsCollector() {
  const bodies = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    bodies.set(request.url ?? '', text.toString())
    response.setHeader('content-type', 'application/json').end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => void server.close().closeAllConnections())
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies }
}

/** Accepts connections and never says a word. */
async function listenAsSilence() {
  const server = createTcpServer((socket) => closers.push(() => socket.destroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('OTLP', () => {
  it('brings spans and metrics to the collector', async () => {
    const { endpoint, bodies } = await listenAsCollector()
    const telemetry = begin({ otlpEndpoint: `${endpoint}/` })
    telemetry.observer.request(start).end(ok)
    await telemetry.shutdown()
    expect(bodies.get('/v1/traces')).toContain('/api/carts/7')
    expect(bodies.get('/v1/traces')).toContain('gateway')
    expect(bodies.get('/v1/metrics')).toContain('http.server.request.duration')
  })

  it('applies the ratio to strangers and the decision of trusted peers', async () => {
    const { endpoint, bodies } = await listenAsCollector()
    const telemetry = begin({ otlpEndpoint: endpoint, traceRatio: 0 })
    telemetry.observer.request({ ...start, traceparent: SAMPLED, path: '/stranger' }).end(ok)
    telemetry.observer.request({ ...start, traceparent: SAMPLED, path: '/friend', isTrusted: true }).end(ok)
    await telemetry.shutdown()
    expect(bodies.get('/v1/traces')).toContain('/friend')
    expect(bodies.get('/v1/traces')).not.toContain('/stranger')
  })

  it('does not let a dead or a silent collector hold the shutdown', async () => {
    for (const otlpEndpoint of ['http://127.0.0.1:1', await listenAsSilence()]) {
      const telemetry = begin({ otlpEndpoint })
      telemetry.observer.request(start).end(ok)
      await telemetry.shutdown()
    }
  }, 8000)
})

describe('without a collector', () => {
  it('still makes ids and metrics', async () => {
    const telemetry = begin()
    const request = telemetry.observer.request(start)
    expect(request.requestId).toMatch(/^[0-9a-f]{32}$/)
    expect(
      request.attempt({ key: '10.0.0.2:80', address: '10.0.0.2', port: 80, pod: undefined, node: undefined })
        .headers[1],
    ).toContain(request.requestId)
    request.end(ok)
    const text = await telemetry.prometheus()
    expect(text).toMatch(/^http_server_request_duration_bucket\{.*le="0\.005"\} \d+$/m)
    expect(text).toMatch(/^http_server_active_requests\{.*\} 0$/m)
    await telemetry.shutdown()
  })
})

describe('access log', () => {
  it('is flushed to its file at shutdown', async () => {
    const accessLog = join(await mkdtemp(join(tmpdir(), 'postern-')), 'logs', 'access.log')
    const telemetry = begin({ accessLog })
    telemetry.observer.request(start).end(ok)
    await telemetry.shutdown()
    telemetry.observer.request(start).end(ok)
    const lines = (await readFile(accessLog, 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).path)).toEqual(['/api/carts/7'])
  })

  it('that cannot be opened breaks nothing', async () => {
    const telemetry = begin({ accessLog: '/proc/none/access.log' })
    telemetry.observer.request(start).end(ok)
    await telemetry.shutdown()
  }, 8000)
})
