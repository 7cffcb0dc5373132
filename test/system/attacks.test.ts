import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type RequestListener, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml } from '../support/gateway.ts'
import { send, startHttp } from '../support/http.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { maxOpenFiles, residentOf } from '../support/resident.ts'

vi.setConfig({ testTimeout: 240_000 })

const [MIB, GIB] = [2 ** 20, 2 ** 30]
const HOST = 'web.shop.example.test'
const IDLE = 10_000
/** What V8 lets lie before it collects is no leak: a third of what there would be if nothing were held back. */
const LEEWAY = 400 * MIB
const CHUNK = Buffer.alloc(65_536, 'x')
const isLinux = process.platform === 'linux'

/** The program in front of one Pod. */
async function serve(pod: RequestListener, annotations: Readonly<Record<string, string>> = {}) {
  const server = await startHttp(pod)
  onTestFinished(server.close)
  const folder = mkdtempSync(join(tmpdir(), 'postern-attacks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'web.yaml'), serviceYaml({ endpoints: [server.port], annotations }))
  const postern = await startServing(['up', '--manifests', folder, '--domain', 'example.test'])
  onTestFinished(async () => void (await postern.stop('SIGKILL')))
  await serveAnother(postern)
  return { postern, before: residentOf(postern.child.pid).now }
}

async function serveAnother({ port }: ServingProcess): Promise<void> {
  expect((await send({ port, path: '/other' })).body).toBe('other')
}

function growth({ child }: ServingProcess, before: number): number {
  return residentOf(child.pid).most - before
}

/** Others are served until an upload has stood still for many of their round trips. */
async function serveOthersUntilStill(postern: ServingProcess, sentSoFar: () => number): Promise<void> {
  let last = -1
  for (let still = 0; still < 20; still++) {
    await serveAnother(postern)
    if (sentSoFar() !== last) still = 0
    last = sentSoFar()
  }
}

test.skipIf(!isLinux)(
  'a Pod that reads slowly holds back an upload of 1 GiB, in bounded memory',
  async () => {
    let sent = 0
    const { postern, before } = await serve(async (incoming, response) => {
      if (incoming.method === 'GET') return void response.end('other')
      let taken = 0
      let pauseAt = 0
      for await (const chunk of incoming) {
        taken += chunk.length
        if (taken < pauseAt) continue
        // Were the upload kept here, all of it would come before the Pod reads on.
        await serveOthersUntilStill(postern, () => sent)
        pauseAt = taken + 64 * MIB
      }
      response.end(String(taken))
    })
    const options = { host: '127.0.0.1', port: postern.port, method: 'POST', agent: false }
    const upload = request({ ...options, headers: { host: HOST, 'content-length': String(GIB) } })
    const answered = once(upload, 'response')
    for (; sent < GIB; sent += CHUNK.length) {
      if (!upload.write(CHUNK)) await once(upload, 'drain')
    }
    upload.end()
    const [response] = await answered
    expect(await response.setEncoding('utf8').toArray()).toEqual([String(GIB)])
    expect(growth(postern, before)).toBeLessThan(LEEWAY)
  },
)

test.skipIf(!isLinux)(
  'clients that never read are ended, hold back their Pod, and cost little memory',
  async () => {
    const CLIENTS = 100
    const pod = { produced: 0, cut: 0 }
    const { postern, before } = await serve(
      async (incoming, response) => {
        if (incoming.url === '/other') return void response.end('other')
        response.on('close', () => pod.cut++)
        await pipeline(endless(pod), response).catch(() => {})
      },
      { 'postern.dev/idle-timeout': '2s' },
    )
    const clients = Array.from({ length: CLIENTS }, () => {
      const socket = connect(postern.port, '127.0.0.1').pause()
      socket.on('error', () => {}).write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
      return socket
    })
    onTestFinished(() => leave(clients))
    const others = async () => {
      await serveAnother(postern)
      return pod.cut
    }
    await waitFor('all of them to be ended', others, (cut) => cut === CLIENTS, { timeoutMs: 120_000 })
    // What stands in socket buffers, not what there was to have.
    expect(pod.produced).toBeLessThan(CLIENTS * 32 * MIB)
    expect(growth(postern, before)).toBeLessThan(LEEWAY)
  },
)

test('clients that drip their bodies are ended, and give their places to others', async () => {
  const PLACES = 100
  let cut = 0
  const pod: RequestListener = (incoming, response) => {
    incoming.on('error', () => cut++).resume()
    incoming.on('end', () => response.end('other'))
  }
  const { postern } = await serve(pod, { 'postern.dev/max-concurrent-requests': String(PLACES) })
  const clients = Array.from({ length: PLACES }, () => {
    const socket = connect(postern.port, '127.0.0.1').resume()
    const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 1000000\r\n\r\n`
    socket.on('error', () => {}).write(head)
    return socket
  })
  onTestFinished(() => leave(clients))
  const statusOfAnother = async () => (await send({ port: postern.port, path: '/other' })).status
  await waitFor('all places to be taken', statusOfAnother, (status) => status === 503)
  const drip = async () => {
    for (const socket of clients) if (socket.writable) socket.write('x')
    return { cut, status: await statusOfAnother() }
  }
  const isOver = (now: Awaited<ReturnType<typeof drip>>) => now.cut === PLACES && now.status === 200
  await waitFor('the drips to be ended', drip, isOver, { timeoutMs: 60_000, everyMs: 250 })
})

const isAble = isLinux && maxOpenFiles() > IDLE + 1_000
if (!isAble) console.log(`skipped: no ${IDLE} connections with ${maxOpenFiles()} open files`)

test.skipIf(!isAble)('10,000 idle connections cost little memory, and others are served', async () => {
  const { postern, before } = await serve((_incoming, response) => void response.end('other'))
  const clients: Socket[] = []
  onTestFinished(() => leave(clients))
  // No client may have them all.
  for (const localAddress of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']) {
    for (let i = 0; i < IDLE / 4; i += 50) {
      const batch = Array.from({ length: 50 }, () => openIdle(postern.port, localAddress))
      clients.push(...(await Promise.all(batch)))
    }
    await serveAnother(postern)
  }
  expect(await openConnections(postern)).toBeGreaterThanOrEqual(IDLE)
  expect(clients.filter(({ readableEnded, destroyed }) => readableEnded || destroyed)).toEqual([])
  expect(growth(postern, before)).toBeLessThan(250 * MIB)
})

function* endless(pod: { produced: number }): Iterable<Buffer> {
  for (;;) {
    pod.produced += CHUNK.length
    yield CHUNK
  }
}

/** A connection that has had its answer, and stays. */
async function openIdle(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
  return socket
}

async function openConnections({ console }: ServingProcess): Promise<number> {
  const metrics = await (await fetch(`${console}/metrics`)).text()
  return Number(/^postern_gateway_connections(?:\{.*\})? (\d+)/m.exec(metrics)?.[1])
}

function leave(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy()
}
