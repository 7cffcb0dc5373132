import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type RequestListener, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { serviceYaml } from '../support/gateway.ts'
import { send, startHttp, type TestServer } from '../support/http.ts'

const [MIB, GIB] = [2 ** 20, 2 ** 30]
const LIMIT = 200 * MIB
vi.setConfig({ testTimeout: 180_000 })

const HOST = 'web.shop.localhost'
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

// A prime period: a chunk that is lost, doubled or moved does not fit its offset.
const PERIOD = 65_521
const LETTERS = Buffer.from(Array.from({ length: PERIOD }, (_, i) => (i * 31) % 251))
const PATTERN = Buffer.alloc(PERIOD * 20, LETTERS)

/** Counts bytes, and the first offset at which they are not the pattern's. */
class Meter {
  bytes = 0
  wrongAt = -1

  take(chunk: Buffer): void {
    const start = this.bytes % PERIOD
    const isRight = chunk.equals(PATTERN.subarray(start, start + chunk.length))
    if (this.wrongAt < 0 && !isRight) this.wrongAt = this.bytes
    this.bytes += chunk.length
  }
}

/** Bytes handed out, by the endpoint or by an upload. */
let produced = 0

function stream(bytes: number, onChunk: () => void = () => {}): Readable {
  function* chunks(): Iterable<Buffer> {
    for (let left = bytes; left > 0; left -= PERIOD) {
      const chunk = PATTERN.subarray(0, Math.min(PERIOD, left))
      produced += chunk.length
      onChunk()
      yield chunk
    }
  }
  return Readable.from(chunks(), { objectMode: false })
}

/** Takes an upload, gives `/download/<bytes>`, and otherwise says that it is well. */
const endpoint: RequestListener = async (incoming, response) => {
  const bytes = Number(/^\/download\/(\d+)$/.exec(incoming.url ?? '')?.[1] ?? 0)
  if (bytes > 0) return void (await pipeline(stream(bytes), response).catch(() => {}))
  if (incoming.method !== 'POST') return void response.end('ok')
  const meter = new Meter()
  for await (const chunk of incoming) meter.take(chunk)
  response.end(JSON.stringify(meter))
}

let folder: string
let server: TestServer
let gateway: ChildProcess
let port: number
let idleBytes: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-streams-'))
  server = await startHttp(endpoint)
  writeFileSync(join(folder, 'web.yaml'), serviceYaml({ endpoints: [server.port] }))
  const flags = ['--listen', '127.0.0.1:0', '--console', '127.0.0.1:0', '--access-log', 'off']
  gateway = spawn(process.execPath, ['workers/node/postern.ts', 'up', '--manifests', folder, ...flags], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  port = await readyPort(gateway)
  expect((await ping()).body).toBe('ok')
  idleBytes = rss()
})

afterAll(async () => {
  if (gateway.exitCode === null) {
    gateway.kill('SIGKILL')
    await once(gateway, 'exit')
  }
  await server.close()
  rmSync(folder, { recursive: true })
})

async function readyPort({ stderr }: ChildProcess): Promise<number> {
  let said = ''
  for await (const chunk of stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += chunk
    const ready = /postern: ready, .* on http:\/\/127\.0\.0\.1:(\d+), console/.exec(said)
    if (ready === null) continue
    stderr?.resume()
    return Number(ready[1])
  }
  throw new Error(`the gateway ended: ${said}`)
}

const ping = () => send({ port, host: HOST })

function rss(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}

/** The gateway's highest growth over its idle size, read every 8th time that it is looked at. */
class Peak {
  growth = 0
  #looks = 0

  look(): void {
    if (this.#looks++ % 8 === 0) this.growth = Math.max(this.growth, rss() - idleBytes)
  }
}

async function download(path: string): Promise<IncomingMessage> {
  const outgoing = request({ host: '127.0.0.1', port, path, headers: { host: HOST }, agent: false }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  return response
}

/** Others are served until the endpoint has stood still for many of their round trips. */
async function serveOthersUntilStill(peak: Peak): Promise<void> {
  let last = -1
  for (let still = 0; still < 100; still++) {
    expect((await ping()).body).toBe('ok')
    peak.look()
    if (produced !== last) still = 0
    last = produced
  }
}

test('an upload of 1 GiB passes through whole, in bounded memory', async () => {
  const peak = new Peak()
  const options = { host: '127.0.0.1', port, method: 'POST', path: '/upload', agent: false }
  const outgoing = request({ ...options, headers: { host: HOST, 'content-length': String(GIB) } })
  const answered: Promise<IncomingMessage[]> = once(outgoing, 'response')
  const body = stream(GIB, () => peak.look())
  const [[response]] = await Promise.all([answered, pipeline(body, outgoing)])
  expect(JSON.parse(await text(response ?? Readable.from([])))).toEqual({ bytes: GIB, wrongAt: -1 })
  expect(peak.growth).toBeLessThan(LIMIT)
})

test('a download of 1 GiB passes through whole, in bounded memory', async () => {
  const peak = new Peak()
  const meter = new Meter()
  for await (const chunk of await download(`/download/${GIB}`)) {
    meter.take(chunk)
    peak.look()
  }
  expect({ ...meter }).toEqual({ bytes: GIB, wrongAt: -1 })
  expect(peak.growth).toBeLessThan(LIMIT)
})

test('a client that reads slowly holds back its endpoint, and others are served', async () => {
  const peak = new Peak()
  const meter = new Meter()
  const response = await download(`/download/${256 * MIB}`)
  let pauseAt = MIB
  response.on('data', (chunk: Buffer) => {
    meter.take(chunk)
    if (meter.bytes < pauseAt) return
    pauseAt += MIB
    peak.look()
    response.pause()
    // The pause lasts as long as another client's round trip.
    ping().then(
      () => response.resume(),
      (error: Error) => response.destroy(error),
    )
  })
  await once(response, 'end')
  expect({ ...meter }).toEqual({ bytes: 256 * MIB, wrongAt: -1 })
  expect(peak.growth).toBeLessThan(LIMIT)
})

test('clients that never read cost little, and others are served', async () => {
  const peak = new Peak()
  const before = produced
  const clients = Array.from({ length: 8 }, () => {
    const socket = connect(port, '127.0.0.1').pause()
    socket.write(`GET /download/${256 * MIB} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    return socket
  })
  while (produced === before) await ping()
  await serveOthersUntilStill(peak)
  for (const client of clients) client.destroy()
  // What stands in socket buffers, not what was asked for.
  expect(produced - before).toBeLessThan(8 * 64 * MIB)
  expect(peak.growth).toBeLessThan(LIMIT)
})
