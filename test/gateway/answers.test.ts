import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { serviceYaml, startGateway, type TestGateway } from '../support/gateway.ts'
import { echo, sendRaw, startHttp, startTcp } from '../support/http.ts'

const HOST = 'Host: web.shop.example.test\r\n'
const DATE = /\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/i
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(...endpoints: number[]): Promise<TestGateway> {
  const gateway = await startGateway(
    serviceYaml({ endpoints, annotations: { 'postern.dev/balance': 'round-robin' } }),
  )
  closers.push(gateway.close)
  return gateway
}

async function pod(onData: (socket: Socket, chunk: Buffer) => void): Promise<number> {
  const server = await startTcp((socket) => socket.on('data', (chunk) => onData(socket, chunk)))
  closers.push(server.close)
  return server.port
}

const answering = (head: string) => pod((socket) => socket.write(`${head}Content-Length: 2\r\n\r\nok`))
const ask = (port: number, fields = '', method = 'GET') =>
  sendRaw(port, `${method} / HTTP/1.1\r\n${HOST}Connection: close\r\n${fields}\r\n`)

test('an answer without a date gets one, and one with a date keeps it', async () => {
  const bare = await gatewayTo(await answering('HTTP/1.1 200 OK\r\n'))
  expect(await ask(bare.port)).toMatch(DATE)
  const old = 'Sat, 01 Jan 2000 00:00:00 GMT'
  const dated = await gatewayTo(await answering(`HTTP/1.1 200 OK\r\ndate: ${old}\r\n`))
  expect((await ask(dated.port)).match(/\r\ndate: .*/gi)).toEqual([`\r\ndate: ${old}`])
})

test('an error has a date, also when it answers what is no request', async () => {
  const gateway = await gatewayTo()
  expect(await ask(gateway.port)).toMatch(DATE)
  expect(await sendRaw(gateway.port, 'nonsense\r\n\r\n')).toMatch(DATE)
})

test('what is no request is seen by operators too: from whom, and how it was answered', async () => {
  const gateway = await gatewayTo()
  const coding = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`
  const answers = [await sendRaw(gateway.port, 'nonsense\r\n\r\n'), await sendRaw(gateway.port, coding)]
  for (const answer of answers) expect(answer).toMatch(/\r\nX-Request-Id: [0-9a-f]{32}\r\n/)
  expect(await gateway.observer.ended(2)).toMatchObject([
    { status: 400, error: 'request-invalid', start: { method: '', clientAddress: '127.0.0.1' } },
    { status: 501, error: 'coding-unsupported', start: { method: '', clientAddress: '127.0.0.1' } },
  ])
})

test('a client that says keep-alive hears it back, and one that does not has no need to', async () => {
  const gateway = await gatewayTo(await answering('HTTP/1.1 200 OK\r\n'))
  const head = async (version: string, option: string) => {
    const client = connect(gateway.port, '127.0.0.1')
    closers.push(() => void client.destroy())
    client.write(`GET / ${version}\r\n${HOST}${option}\r\n`)
    let text = ''
    for await (const chunk of client.iterator({ destroyOnReturn: false })) {
      text += chunk
      if (text.endsWith('\r\n\r\nok')) break
    }
    return /\r\n(connection: .*)\r\n/i.exec(text)?.[1]
  }
  expect(await head('HTTP/1.1', 'Connection: Keep-Alive\r\n')).toBe('Connection: keep-alive')
  expect(await head('HTTP/1.0', 'Connection: keep-alive\r\n')).toBe('Connection: keep-alive')
  expect(await head('HTTP/1.1', '')).toBeUndefined()
  expect(await head('HTTP/1.0', '')).toBe('Connection: close')
})

test('an expectation that nobody knows is refused, and the endpoint does not see it', async () => {
  const gateway = await gatewayTo(await answering('HTTP/1.1 200 OK\r\n'))
  expect(await ask(gateway.port, 'Expect: the-unexpected\r\n')).toMatch(
    /^HTTP\/1\.1 417 Expectation Failed\r\n/,
  )
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 417, error: 'expectation-unknown', attempts: 0 })
})

test('a method that nobody has heard of goes on as it is', async () => {
  const port = await pod((socket, chunk) => {
    const body = `${chunk}`.split('\r\n')[0] ?? ''
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  })
  const gateway = await gatewayTo(port)
  expect(await ask(gateway.port, '', 'BREW')).toMatch(/\r\n\r\nBREW \/ HTTP\/1\.1$/)
})

test('a body that its endpoint had no time to take goes whole to the next', async () => {
  let heard = Promise.withResolvers<void>()
  const resetting = await pod((socket) => socket.resetAndDestroy())
  const healthy = await startHttp((request, response) => {
    heard.resolve()
    echo(request, response)
  })
  closers.push(healthy.close)
  const gateway = await gatewayTo(resetting, healthy.port)
  for (let i = 0; i < 3; i++) {
    heard = Promise.withResolvers()
    const client = connect(gateway.port, '127.0.0.1')
    client.write(`PUT / HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 5\r\n\r\n`)
    await heard.promise
    client.write('whole')
    let text = ''
    for await (const chunk of client) text += chunk
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*"body":"whole"/)
  }
  const seen = await gateway.observer.ended(3)
  expect(seen.some(({ attempts }) => attempts === 2)).toBe(true)
})
