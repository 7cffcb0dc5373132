import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { SocketDuplex } from '../../src/forward/socket.ts'
import { encodeOctets } from '../../src/wire/octets.ts'
import { startHttp, startTcp } from '../support/http.ts'
import { asResponse, fetchFrom, textOf } from '../support/socket-fetch.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function http(listener: Parameters<typeof startHttp>[0]): Promise<number> {
  const server = await startHttp(listener)
  closers.push(server.close)
  return server.port
}

async function tcp(onHead: (socket: Socket) => void): Promise<number> {
  const server = await startTcp((socket) => socket.once('data', () => onHead(socket)))
  closers.push(server.close)
  return server.port
}

const host = ['Host', 'renamed.example.test']

test('an answer that comes before the request has ended is heard, and ends the request', async () => {
  const port = await tcp((socket) =>
    socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig'),
  )
  let isCancelled: (reason: unknown) => void = () => {}
  const cancelled = new Promise((resolve) => {
    isCancelled = resolve
  })
  const endless = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encodeOctets('first')),
    cancel: isCancelled,
  })
  const response = asResponse(await fetchFrom(port, { method: 'POST', body: endless }))
  expect([response.status, await textOf(response.body)]).toEqual([413, 'big'])
  await cancelled
})

test('both sides can talk at the same time', async () => {
  const port = await http((request, response) => {
    response.writeHead(200).flushHeaders()
    request.on('data', (chunk) => response.write(`<${chunk}>`)).on('end', () => response.end())
  })
  let say: (text: string) => void = () => {}
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      say = (text) => (text === '' ? controller.close() : controller.enqueue(encodeOctets(text)))
    },
  })
  const response = asResponse(await fetchFrom(port, { method: 'POST', body }))
  const reader = response.body?.getReader()
  for (const word of ['one', 'two', 'three']) {
    say(word)
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(`<${word}>`)
  }
  say('')
  expect(await reader?.read()).toEqual({ done: true, value: undefined })
})

test('an endpoint is read no faster than the client reads', async () => {
  let pulls = 0
  const head = encodeOctets('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
  const readable = new ReadableStream<Uint8Array>(
    { pull: (controller) => controller.enqueue(pulls++ === 0 ? head : new Uint8Array(1000)) },
    { highWaterMark: 0 },
  )
  const socket = { readable, writable: new WritableStream<Uint8Array>(), close: () => {} }
  const { body } = asResponse(await fetchFrom(1, { connect: async () => socket }))
  const reader = body?.getReader()
  for (let reads = 1; reads <= 5; reads++) {
    expect((await reader?.read())?.value).toHaveLength(1000)
    expect(pulls).toBe(1 + reads)
  }
})

test('a client is read no faster than the endpoint takes it', async () => {
  const taken: { bytes: number; free: () => void }[] = []
  let wake = () => {}
  const writable = new WritableStream<Uint8Array>({
    write: ({ length }) =>
      new Promise<void>((free) => {
        taken.push({ bytes: length, free })
        wake()
      }),
  })
  const connect = async (): Promise<SocketDuplex> => ({
    readable: new ReadableStream(),
    writable,
    close: () => {},
  })
  let pulls = 0
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => controller.enqueue(new Uint8Array(1000 * ++pulls)) },
    { highWaterMark: 0 },
  )
  void fetchFrom(1, { connect, method: 'POST', headers: [...host, 'Content-Length', '1000000'], body })
  for (let writes = 1; writes <= 5; writes++) {
    while (taken.length < writes) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    expect([taken.length, pulls]).toEqual([writes, writes - 1])
    taken.at(-1)?.free()
  }
})
