import { afterEach, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml, startGateway } from '../support/gateway.ts'
import { send, startHttp } from '../support/http.ts'
import { ManualTimers } from '../support/manual-timers.ts'
import { RawClient } from '../support/raw-client.ts'

const CLIENTS = 200
const HOST = 'web.shop.example.test'
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A gateway whose time passes when the test says so, and how many bodies its Pod has lost. */
async function slowTime(annotations: Readonly<Record<string, string>> = {}, minBodyRate = 240) {
  const lost = { bodies: 0 }
  const pod = await startHttp((request, response) => {
    request.on('error', () => lost.bodies++).resume()
    request.on('end', () => response.end('pod'))
  })
  closers.push(pod.close)
  const timers = new ManualTimers()
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port], annotations }), {
    timers,
    minBodyRate,
  })
  closers.push(gateway.close)
  return { ...gateway, timers, lost }
}

async function crowd(port: number, text: string): Promise<RawClient[]> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(port)))
  closers.push(() => {
    for (const client of clients) client.leave()
  })
  for (const client of clients) client.write(text)
  return clients
}

/** Passes a second at a time, in each of which another client is served. @returns how many it took */
async function secondsUntil(
  isOver: () => boolean,
  { port, timers }: { readonly port: number; readonly timers: ManualTimers },
  eachSecond: () => void = () => {},
): Promise<number> {
  for (let seconds = 0; ; seconds++) {
    expect((await send({ port })).body).toBe('pod')
    if (isOver()) return seconds
    // What has been begun stays below what an idle connection is given.
    expect(seconds).toBeLessThan(60)
    eachSecond()
    timers.pass(1000)
  }
}

test('heads that drip in are ended, however they drip, and others are served meanwhile', async () => {
  const gateway = await slowTime()
  const clients = await crowd(gateway.port, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n`)
  const areAnswered = () => clients.every(({ text }) => text.endsWith('postern: http_request_error\n'))
  const seconds = await secondsUntil(areAnswered, gateway, () => {
    for (const { socket } of clients) if (socket.writable) socket.write('X-Slow: 1\r\n')
  })
  expect(seconds).toBeGreaterThan(8)
  for (const { text } of clients) expect(text).toMatch(/^HTTP\/1\.1 408 .*\r\nConnection: close\r\n/s)
})

test('clients that connect and say nothing are let go', async () => {
  const gateway = await slowTime()
  const clients = await crowd(gateway.port, '')
  await waitFor(
    'all connections',
    () => gateway.listener.connections.open,
    (open) => open === CLIENTS,
  )
  gateway.timers.pass(80_000)
  expect(await Promise.all(clients.map((client) => client.ended()))).toEqual(clients.map(() => ''))
  expect((await send({ port: gateway.port })).body).toBe('pod')
})

test('bodies that stand still are ended, here and at the Pod, and others are served meanwhile', async () => {
  const gateway = await slowTime({ 'postern.dev/timeout': '5s' })
  const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 1000\r\n\r\n`
  const clients = await crowd(gateway.port, `${head}and no more`)
  const areAnswered = () => clients.every(({ text }) => text.endsWith('postern: http_request_error\n'))
  await secondsUntil(areAnswered, gateway)
  for (const { text } of clients) expect(text).toMatch(/^HTTP\/1\.1 408 /)
  await waitFor(
    'the Pod to be told of all',
    () => gateway.lost.bodies,
    (bodies) => bodies === CLIENTS,
  )
})

test('bodies that drip in are ended, here and at the Pod, and give their places back', async () => {
  // One place is left for others, and one more client would have none.
  const gateway = await slowTime({ 'postern.dev/max-concurrent-requests': String(CLIENTS + 1) })
  const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 1000\r\n\r\n`
  const clients = await crowd(gateway.port, head)
  const areAnswered = () => clients.every(({ text }) => text.endsWith('postern: http_request_error\n'))
  const seconds = await secondsUntil(areAnswered, gateway, () => {
    for (const { socket } of clients) if (socket.writable) socket.write('x')
  })
  expect(seconds).toBeGreaterThan(8)
  for (const { text } of clients) expect(text).toMatch(/^HTTP\/1\.1 408 .*\r\nConnection: close\r\n/s)
  await waitFor(
    'the Pod to be told of all',
    () => gateway.lost.bodies,
    (bodies) => bodies === CLIENTS,
  )
  const others = Array.from({ length: CLIENTS + 1 }, () => send({ port: gateway.port }))
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(others.map(() => 200))
})

test('a body is not slow because the Pod is, however long that takes it', async () => {
  const SIZE = 32 * 2 ** 20
  const reading = Promise.withResolvers<void>()
  const pod = await startHttp(async (request, response) => {
    if (request.method === 'POST') await reading.promise
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    response.end(request.method === 'POST' ? String(bytes) : 'pod')
  })
  closers.push(pod.close)
  const timers = new ManualTimers()
  const yaml = serviceYaml({ endpoints: [pod.port], annotations: { 'postern.dev/timeout': '1h' } })
  // So much that what lies in buffers on the way does not pay for the time.
  const gateway = await startGateway(yaml, { timers, minBodyRate: SIZE })
  closers.push(gateway.close)
  const client = await RawClient.connect(gateway.port)
  closers.push(() => client.leave())
  client.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${SIZE}\r\n\r\n`)
  client.socket.write(Buffer.alloc(SIZE))
  await untilStill(gateway.port, client)
  expect(client.socket.writableLength).toBeGreaterThan(0)
  timers.pass(600_000)
  reading.resolve()
  expect(await client.until(String(SIZE))).toMatch(/^HTTP\/1\.1 200 /)
})

/** Nothing more is taken of a client for many round trips of another. */
async function untilStill(port: number, { socket }: RawClient): Promise<void> {
  let last = -1
  for (let still = 0; still < 20; still++) {
    await send({ port })
    if (socket.bytesWritten - socket.writableLength !== last) still = 0
    last = socket.bytesWritten - socket.writableLength
  }
}
