import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { AttemptFailure } from '../../src/forward/attempt.ts'
import { AttemptError, type SocketDuplex } from '../../src/forward/socket.ts'
import type { SocketFetchResult } from '../../src/forward/socket-exchange.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { refusedPort } from '../support/free-port.ts'
import { hurried } from '../support/gateway.ts'
import { startTcp } from '../support/http.ts'
import { TcpConnector } from '../support/socket.ts'
import { asResponse, bodyOf, failureOf, fetchFrom, textOf } from '../support/socket-fetch.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** An endpoint that does this when the request's head has come. Its sockets are kept. */
async function endpoint(onHead: (socket: Socket) => void) {
  const sockets: Socket[] = []
  const server = await startTcp((socket) => {
    sockets.push(socket)
    socket.once('data', () => onHead(socket))
  })
  closers.push(server.close)
  return { port: server.port, sockets }
}

/** How a body that has begun fails. */
async function bodyFailure(result: SocketFetchResult): Promise<AttemptFailure> {
  try {
    await textOf(asResponse(result).body)
  } catch (error) {
    if (error instanceof AttemptError) return error.failure
    throw error
  }
  throw new Error('the body did not fail')
}

const OK = 'HTTP/1.1 200 OK\r\n'

describe('a connection', () => {
  it('that is refused has sent nothing', async () => {
    expect(failureOf(await fetchFrom(await refusedPort()))).toMatchObject({
      code: 'connect-refused',
      wasSent: false,
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('to where no road leads is unreachable', async () => {
    const connect = () => Promise.reject(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }))
    expect(failureOf(await fetchFrom(1, { connect }))).toMatchObject({
      code: 'endpoint-unreachable',
      wasSent: false,
    })
  })

  it('that is never dialled leaves the body for another attempt', async () => {
    const connect = () => {
      throw new TypeError('private address')
    }
    const body = bodyOf('hello')
    const result = await fetchFrom(1, { connect, method: 'POST', body })
    expect(failureOf(result)).toMatchObject({ code: 'connect-refused', wasSent: false })
    expect(await textOf(body)).toBe('hello')
  })

  it('that comes too late is closed', async () => {
    let arrive: (socket: SocketDuplex) => void = () => {}
    const connect = () =>
      new Promise<SocketDuplex>((resolve) => {
        arrive = resolve
      })
    const result = await fetchFrom(1, { connect, connectTimeoutMs: 20, timers: hurried })
    expect(failureOf(result)).toMatchObject({ code: 'connect-timeout', wasSent: false })
    const closed = new Promise<void>((resolve) => {
      arrive({ readable: new ReadableStream(), writable: new WritableStream(), close: resolve })
    })
    await closed
  })

  it('is not asked for when the request has been given up', async () => {
    let dials = 0
    const connect = () => {
      dials++
      return Promise.reject(new Error('dialled'))
    }
    const result = await fetchFrom(1, { connect, signal: AbortSignal.abort('gone') })
    expect(failureOf(result)).toEqual({ code: 'client-closed', wasSent: false, cause: 'gone' })
    expect(dials).toBe(0)
  })
})

describe('before the head, an endpoint', () => {
  it.each([
    ['resets', (socket: Socket) => socket.resetAndDestroy(), 'connection-lost'],
    ['closes', (socket: Socket) => socket.end(), 'connection-lost'],
    ['closes within the head', (socket: Socket) => socket.end(`${OK}X: y\r\n`), 'connection-lost'],
    [
      'closes after an interim response',
      (socket: Socket) => socket.end('HTTP/1.1 100 C\r\n\r\n'),
      'connection-lost',
    ],
    ['speaks something else', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'response-invalid'],
    ['sends a control byte', (socket: Socket) => socket.write(`${OK}X: a\x01b\r\n\r\n`), 'response-invalid'],
    [
      'never ends its head',
      (socket: Socket) => socket.write(`${OK}X: ${'y'.repeat(20_000)}`),
      'response-invalid',
    ],
    [
      'gives two lengths',
      (socket: Socket) => socket.write(`${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`),
      'response-invalid',
    ],
    [
      'gives both framings',
      (socket: Socket) => socket.write(`${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`),
      'response-invalid',
    ],
    [
      'upgrades unasked',
      (socket: Socket) => socket.write('HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
      'response-invalid',
    ],
  ])('that %s fails the attempt, and the connection closes', async (_, onHead, code) => {
    const { port } = await endpoint(onHead)
    const tcp = new TcpConnector()
    expect(failureOf(await fetchFrom(port, { connect: tcp.connect }))).toMatchObject({ code, wasSent: true })
    expect(tcp.sockets.map((socket) => socket.destroyed)).toEqual([true])
  })

  it('that hangs is left when the request is given up', async () => {
    const giveUp = new AbortController()
    const { port, sockets } = await endpoint(() => giveUp.abort('deadline'))
    expect(failureOf(await fetchFrom(port, { signal: giveUp.signal }))).toEqual({
      code: 'client-closed',
      wasSent: true,
      cause: 'deadline',
    })
    await waitFor(
      'the endpoint to see it',
      () => sockets.at(0)?.closed,
      (isClosed) => isClosed === true,
    )
  })
})

describe('within the body, an endpoint', () => {
  it.each([
    ['closes too early', (socket: Socket) => socket.end(`${OK}Content-Length: 9\r\n\r\nhalf`)],
    [
      'closes between chunks',
      (socket: Socket) => socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`),
    ],
    [
      'sends a bad chunk',
      (socket: Socket) => socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n`),
    ],
    [
      'resets',
      (socket: Socket) => socket.write(`${OK}\r\nhalf`, () => setImmediate(() => socket.resetAndDestroy())),
    ],
  ])('that %s cuts the body', async (_, onHead) => {
    const { port } = await endpoint(onHead)
    expect(await bodyFailure(await fetchFrom(port))).toMatchObject({
      code: 'response-incomplete',
      wasSent: true,
    })
  })

  it('is left when the request is given up', async () => {
    const { port, sockets } = await endpoint((socket) => socket.write(`${OK}\r\nbegun`))
    const giveUp = new AbortController()
    const result = await fetchFrom(port, { signal: giveUp.signal })
    giveUp.abort('idle')
    expect(await bodyFailure(result)).toEqual({ code: 'client-closed', wasSent: true, cause: 'idle' })
    await waitFor(
      'the endpoint to see it',
      () => sockets.at(0)?.closed,
      (isClosed) => isClosed === true,
    )
  })
})
