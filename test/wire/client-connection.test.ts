import { afterEach, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { startHttp } from '../support/http.ts'
import { startScripted } from '../support/scripted-server.ts'
import { Caller, poolOf } from '../support/wire-client.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function pool(options?: Parameters<typeof poolOf>[0]) {
  const made = poolOf(options)
  closers.push(() => made.close())
  return made
}

async function scripted(script: Parameters<typeof startScripted>[0]) {
  const server = await startScripted(script)
  closers.push(server.close)
  return server
}

const OK = (body: string, fields = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`

describe('an answer', () => {
  test.each([
    ['of a known length', OK('hello'), 'hello', []],
    [
      'in chunks, with trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: 1\r\n\r\n',
      'hello',
      ['X', '1'],
    ],
    ['of no content', 'HTTP/1.1 204 No Content\r\n\r\n', '', []],
    [
      'after interim ones',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK('x')}`,
      'x',
      [],
    ],
  ])('%s is read, whole or byte by byte, and its connection used again', async (_, text, body, trailers) => {
    const server = await scripted((_request, socket, count) => {
      socket.setNoDelay()
      if (count % 2 === 1) socket.write(text, 'latin1')
      else for (const byte of text) socket.write(byte, 'latin1')
    })
    const connections = pool()
    for (let i = 0; i < 4; i++) {
      expect(await new Caller(connections, server.port).over()).toMatchObject({
        body,
        trailers,
        failure: undefined,
      })
    }
    expect(server.sockets).toHaveLength(1)
  })

  test('tells of interim ones first', async () => {
    const server = await scripted((_request, socket) =>
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${OK('x')}`),
    )
    const caller = await new Caller(pool(), server.port).over()
    expect({ interims: caller.interims, status: caller.head?.status }).toEqual({
      interims: [100, 103],
      status: 200,
    })
  })

  test('to HEAD has no body, whatever its length', async () => {
    const server = await scripted((_request, socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
    )
    const connections = pool()
    for (let i = 0; i < 2; i++) {
      const caller = await new Caller(connections, server.port, { method: 'HEAD' }).over()
      expect(caller).toMatchObject({ body: '', trailers: [] })
    }
    expect(server.sockets).toHaveLength(1)
  })

  test.each([
    ['that ends with its connection', 'HTTP/1.1 200 OK\r\n\r\nhello', true],
    ['whose server closes', OK('hello', 'Connection: close\r\n'), false],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello', false],
  ])('%s uses its connection up', async (_, text, ends) => {
    const server = await scripted((_request, socket) => (ends ? socket.end(text) : socket.write(text)))
    const connections = pool()
    for (let i = 0; i < 2; i++) expect((await new Caller(connections, server.port).over()).body).toBe('hello')
    expect(server.sockets).toHaveLength(2)
  })

  test('is not read faster than it is taken', async () => {
    const size = 20_000_000
    const server = await startHttp((_request, response) => void response.end(Buffer.alloc(size, 'x')))
    closers.push(server.close)
    const caller = new Caller(pool(), server.port)
    caller.takesMore = false
    await caller.until(({ body }) => body.length > 0)
    const before = caller.body.length
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    expect(caller.body.length).toBe(before)
    caller.takesMore = true
    caller.exchange.resume()
    expect((await caller.over()).body.length).toBe(size)
  })
})

describe('a request body', () => {
  test.each([
    ['of a known length', { kind: 'fixed', length: 5 }, 'Content-Length: 5\r\n\r\nhello'],
    ['in chunks', { kind: 'chunked' }, 'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
  ] as const)('%s is framed as its head says', async (_, framing, written) => {
    const server = await scripted((_request, socket) => socket.write(OK('x')))
    const caller = new Caller(pool(), server.port, { method: 'POST', framing })
    await caller.until(({ isSent }) => isSent)
    caller.exchange.write(Buffer.from('he'))
    caller.exchange.write(Buffer.from('llo'))
    caller.exchange.end([])
    await caller.over()
    await waitFor('the body', server.received, (text) => text === `POST / HTTP/1.1\r\nHost: a\r\n${written}`)
  })

  test('is not written faster than it is taken', async () => {
    const server = await scripted((_request, socket) => socket.pause())
    const caller = new Caller(pool(), server.port, { method: 'POST', framing: { kind: 'chunked' } })
    await caller.until(({ isSent }) => isSent)
    const isPaused = () => server.sockets[0]?.isPaused()
    await waitFor('the pause', isPaused, (paused) => paused === true)
    while (caller.exchange.write(Buffer.alloc(100_000)));
    server.sockets[0]?.resume()
    await caller.until(({ drains }) => drains > 0)
  })

  test('whose answer comes early is not needed any more, and its connection not used again', async () => {
    const server = await scripted((request, socket) =>
      socket.write(request.startsWith('POST') ? OK('early') : OK('next')),
    )
    const connections = pool()
    const caller = new Caller(connections, server.port, {
      method: 'POST',
      framing: { kind: 'fixed', length: 10 },
    })
    await caller.until(({ isSent }) => isSent)
    caller.exchange.write(Buffer.from('part'))
    expect((await caller.over()).body).toBe('early')
    caller.exchange.write(Buffer.from('more'))
    caller.exchange.end([])
    expect((await new Caller(connections, server.port).over()).body).toBe('next')
    expect(server.sockets).toHaveLength(2)
    expect(server.received()).not.toContain('partmore')
  })
})

describe('an upgrade', () => {
  const request = { upgrade: 'websocket' }

  test('hands the connection over, with what has come already', async () => {
    const head = 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    const server = await scripted((_request, socket) => socket.write(`${head}early`))
    const { upgraded } = await new Caller(pool(), server.port, request).over()
    let text = ''
    upgraded?.on('data', (chunk) => {
      text += chunk
    })
    upgraded?.resume().write('to the server')
    await waitFor(
      'both',
      () => [text, server.received()],
      ([back, out]) => back === 'early' && out?.endsWith('to the server') === true,
    )
    expect(server.received()).toContain('Connection: Upgrade\r\nUpgrade: websocket\r\n')
  })

  test('that is declined is an answer like any other', async () => {
    const server = await scripted((_request, socket) => socket.write(OK('no')))
    expect((await new Caller(pool(), server.port, request).over()).body).toBe('no')
  })
})
