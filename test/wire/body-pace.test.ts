import { afterEach, describe, expect, test } from 'vitest'
import { ManualTimers } from '../support/manual-timers.ts'
import { answer, type Recorder } from '../support/wire-server.ts'
import { OK, POST, type Served, serve } from './served.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const timeouts = { headMs: 0, idleMs: 0, stallMs: 0, lingerMs: 500 }
/** Every byte buys 10 ms, which is one tick. */
const minBodyRate = { bytesPerSecond: 100, graceMs: 1000 }

async function start(rate = minBodyRate): Promise<Served & { readonly timers: ManualTimers }> {
  const timers = new ManualTimers()
  const served = await serve({ timers, timeouts, minBodyRate: rate })
  closers.push(served.close)
  return { ...served, timers }
}

/** A client that has sent the head of a large body, which is waited for. */
async function upload(framing = 'Content-Length: 1000000', rate = minBodyRate) {
  const served = await start(rate)
  served.client.write(POST(framing))
  const request = await served.next()
  request.exchange.resume()
  return { ...served, request, send: sender(served, request) }
}

function sender({ client }: Served, request: Recorder) {
  return async (bytes: number, written = 'x'.repeat(bytes)): Promise<void> => {
    const length = request.body.length + bytes
    client.write(written)
    await request.until(({ body }) => body.length === length)
  }
}

describe('a body that is waited for', () => {
  test('is ended when it drips, though it moves', async () => {
    const { client, request, send, timers } = await upload()
    for (let dripped = 0; dripped < 9; dripped++) {
      timers.pass(100)
      await send(1)
    }
    expect(request.failure).toBeUndefined()
    timers.pass(300)
    expect(request.failure).toBe('request-timeout')
    answer(request.exchange, 'slow')
    expect(await client.ended()).toBe(OK('slow', 'Connection: close\r\n'))
  })

  test('is ended when it drips in chunks', async () => {
    const { request, send, timers } = await upload('Transfer-Encoding: chunked')
    for (let dripped = 0; request.failure === undefined; dripped++) {
      // Its framing counts with it: six bytes for one.
      expect(dripped).toBeLessThan(50)
      timers.pass(100)
      if (request.failure === undefined) await send(1, '1\r\nx\r\n')
    }
    expect(request.failure).toBe('request-timeout')
  })

  test('may take as long as it likes when it keeps up', async () => {
    const { request, send, timers } = await upload()
    for (let second = 0; second < 60; second++) {
      await send(100)
      timers.pass(1000)
    }
    expect(request.failure).toBeUndefined()
  })

  test('may pause for what it was faster before, and no longer', async () => {
    const { request, send, timers } = await upload()
    await send(1000)
    timers.pass(10_900)
    expect(request.failure).toBeUndefined()
    timers.pass(300)
    expect(request.failure).toBe('request-timeout')
  })

  test('may be as slow as it likes where nothing is asked of it', async () => {
    const { request, send, timers } = await upload(undefined, { bytesPerSecond: 0, graceMs: 1000 })
    timers.pass(600_000)
    await send(1)
    timers.pass(600_000)
    expect(request.failure).toBeUndefined()
  })
})

test('while we take nothing, no time of the client is spent', async () => {
  const { request, send, timers } = await upload()
  timers.pass(600)
  request.takesMore = false
  await send(1)
  timers.pass(600_000)
  expect(request.failure).toBeUndefined()
  request.takesMore = true
  request.exchange.resume()
  timers.pass(300)
  expect(request.failure).toBeUndefined()
  timers.pass(300)
  expect(request.failure).toBe('request-timeout')
})

test('the next body on the connection has its own time', async () => {
  const { client, next, timers } = await start()
  for (let count = 0; count < 3; count++) {
    client.write(POST('Content-Length: 2', 'x'))
    const request = await next()
    request.exchange.resume()
    timers.pass(900)
    client.write('y')
    await request.until(({ trailers }) => trailers !== undefined)
    expect(request.failure).toBeUndefined()
    client.text = ''
    answer(request.exchange, 'x')
    await client.until('\r\n\r\nx')
  }
})
