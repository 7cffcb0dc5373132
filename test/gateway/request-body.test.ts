import { afterEach, expect, test } from 'vitest'
import { RequestBody } from '../../src/gateway/request-body.node.ts'
import { startHttp } from '../support/http.ts'
import { Caller, poolOf } from '../support/wire-client.ts'
import { Recorder } from '../support/wire-server.ts'
import { POST, serve } from '../wire/served.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A request whose body goes where the test lends it. */
class Lender extends Recorder {
  readonly lent = new RequestBody(this.exchange)

  override onBody(data: Uint8Array): boolean {
    const takesMore = this.lent.take(data)
    super.onBody(data)
    return takesMore
  }

  override onBodyEnd(trailers: readonly string[]): void {
    this.lent.end()
    super.onBodyEnd(trailers)
  }
}

async function begun(head: string) {
  const served = await serve()
  closers.push(served.close)
  served.client.write(POST(head))
  const { exchange } = await served.next()
  const pod = await startHttp(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    response.end(`${request.headers['content-length'] ?? 'chunked'}: ${text}`)
  })
  const pool = poolOf()
  closers.push(pod.close, () => pool.close())
  return { client: served.client, lender: new Lender(exchange), pool, port: pod.port }
}

test.each([
  ['of a known length', 'Content-Length: 8', 'whole', 'ish', '8: wholeish'],
  ['in chunks', 'Transfer-Encoding: chunked', '5\r\nwhole\r\n', '3\r\nish\r\n0\r\n\r\n', 'chunked: wholeish'],
])(
  'a body %s that came before there was an attempt goes whole to the first that stands',
  async (...facts) => {
    const [, head, first, last, heard] = facts
    const { client, lender, pool, port } = await begun(head)
    lender.lent.watch()
    client.write(first)
    await lender.until(({ body }) => body === 'whole')
    expect(lender.lent).toMatchObject({ isWhole: true, bytesRead: 5 })
    const caller = new Caller(pool, port, { method: 'POST', framing: lender.exchange.head.framing })
    await caller.until(({ isSent }) => isSent)
    lender.lent.lend(caller.exchange)
    expect(lender.lent).toMatchObject({ isWhole: false, isStarved: true })
    client.write(last)
    expect((await caller.over()).body).toBe(heard)
    expect(lender.lent).toMatchObject({ isStarved: false, bytesRead: 8 })
  },
)

test('a body that was all there, or none, ends with the loan', async () => {
  const whole = await begun('Content-Length: 5')
  whole.lender.lent.watch()
  whole.client.write('whole')
  await whole.lender.until(({ trailers }) => trailers !== undefined)
  const none = await begun('Content-Length: 0')
  for (const [{ lender, pool, port }, heard] of [[whole, '5: whole'] as const, [none, '0: '] as const]) {
    const caller = new Caller(pool, port, { method: 'POST', framing: lender.exchange.head.framing })
    await caller.until(({ isSent }) => isSent)
    lender.lent.lend(caller.exchange)
    expect((await caller.over()).body).toBe(heard)
  }
})
