import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { refusedPort } from '../support/free-port.ts'
import { hurried, serviceYaml, startGateway } from '../support/gateway.ts'
import { startHttp, startTcp } from '../support/http.ts'

const HOST = 'Host: web.shop.example.test\r\n'
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(endpoints: number[], annotations: Record<string, string> = {}) {
  const gateway = await startGateway(
    serviceYaml({ endpoints, annotations: { 'postern.dev/balance': 'round-robin', ...annotations } }),
    { timers: hurried },
  )
  closers.push(gateway.close)
  return gateway
}

function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  closers.push(() => void socket.destroy())
  return socket
}

/** Reads until the text satisfies, or the other side ends. */
async function readUntil(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk
    if (isEnough(text)) break
  }
  return text
}

test('a body that comes slowly goes whole to the endpoint that a retry chose', async () => {
  let heard: () => void = () => {}
  const pod = await startHttp(async (request, response) => {
    let body = ''
    for await (const chunk of request) {
      body += chunk
      heard()
    }
    response.end(`heard ${body}`)
  })
  closers.push(pod.close)
  const gateway = await gatewayTo([await refusedPort(), pod.port])
  for (let i = 0; i < 4; i++) {
    const client = dial(gateway.port)
    client.write(`POST / HTTP/1.1\r\n${HOST}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n`)
    for (const part of ['one ', 'two ', 'three']) {
      const arrived = new Promise<void>((resolve) => {
        heard = resolve
      })
      client.write(`${part.length.toString(16)}\r\n${part}\r\n`)
      await arrived
    }
    client.write('0\r\n\r\n')
    const answer = await readUntil(client, () => false)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toContain('heard one two three')
  }
})

/** Answers as soon as it has a head, and never reads on. */
async function hasty(): Promise<number> {
  const server = await startTcp((socket) => {
    socket.once('data', () => {
      socket.pause()
      socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    })
  })
  closers.push(server.close)
  return server.port
}

test('an answer that comes before the upload ends leaves the connection usable when the upload ends', async () => {
  const gateway = await gatewayTo([await hasty()])
  const client = dial(gateway.port)
  const size = 500_000
  client.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: ${size + 1}\r\n\r\n.`)
  expect(await readUntil(client, (text) => text.endsWith('no'))).toMatch(/^HTTP\/1\.1 403 /)
  client.write(Buffer.alloc(size))
  client.write(`GET /again HTTP/1.1\r\n${HOST}\r\n`)
  expect(await readUntil(client, (text) => text.endsWith('no'))).toMatch(/^HTTP\/1\.1 403 /)
})

test('a client that never stops uploading after its answer is cut off', async () => {
  const gateway = await gatewayTo([await hasty()])
  const client = dial(gateway.port)
  client.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: 1000000000\r\n\r\n.`)
  await readUntil(client, (text) => text.endsWith('no'))
  const closed = new Promise((resolve) => client.once('close', resolve))
  const chunk = Buffer.alloc(65_536)
  const feed = (): void => {
    while (client.writable && client.write(chunk));
  }
  client.on('drain', feed).resume()
  feed()
  await closed
})

test('a refusal reaches a client that is still uploading', async () => {
  const gateway = await gatewayTo([])
  const client = dial(gateway.port)
  const size = 900_000
  client.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: ${size}\r\n\r\n`)
  client.write(Buffer.alloc(size))
  const answer = await readUntil(client, () => false)
  expect(answer).toMatch(/^HTTP\/1\.1 503 /)
  expect(answer).toMatch(/connection: close/i)
})

test('a refusal of a small body keeps the connection', async () => {
  const gateway = await gatewayTo([])
  const client = dial(gateway.port)
  for (let i = 0; i < 2; i++) {
    client.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`)
    expect(await readUntil(client, (text) => text.endsWith('unavailable\n'))).toMatch(/^HTTP\/1\.1 503 /)
  }
})

test('a body that breaks its own framing is a 400 when nothing has been answered', async () => {
  const pod = await startHttp((request) => void request.resume())
  closers.push(pod.close)
  const gateway = await gatewayTo([pod.port])
  const client = dial(gateway.port)
  client.write(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n`)
  const answer = await readUntil(client, () => false)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 400, error: 'request-invalid' })
  expect(gateway.state.loadOf(`127.0.0.1:${pod.port}`)).toBe(0)
})

test('a body that breaks its own framing cuts an answer that has begun, and writes nothing into it', async () => {
  const pod = await startHttp((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-length': '1000' })
    response.write('begun')
  })
  closers.push(pod.close)
  const gateway = await gatewayTo([pod.port])
  const client = dial(gateway.port)
  client.write(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)
  const head = await readUntil(client, (text) => text.endsWith('begun'))
  expect(head).toMatch(/^HTTP\/1\.1 200 /)
  client.write('nonsense\r\n')
  expect(await readUntil(client, () => false).catch(() => '')).toBe('')
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 200, error: 'request-invalid' })
})

test('bytes that make no sense after a request wait for its answer', async () => {
  let finish: () => void = () => {}
  const asked = new Promise<void>((resolve) => {
    finish = resolve
  })
  const pod = await startHttp((_request, response) => {
    response.write('begun ')
    void asked.then(() => response.end('ended'))
  })
  closers.push(pod.close)
  const gateway = await gatewayTo([pod.port])
  const client = dial(gateway.port)
  client.write(`GET / HTTP/1.1\r\n${HOST}\r\nnonsense\r\n\r\n`)
  const begun = await readUntil(client, (text) => text.includes('begun'))
  finish()
  const rest = await readUntil(client, () => false)
  expect(`${begun}${rest}`.replaceAll(/\r\n/g, '\n')).toMatch(
    /^HTTP\/1\.1 200 [\s\S]*begun [\s\S]*ended\n0\n\nHTTP\/1\.1 400 /,
  )
})

test('a client that does not read its last bytes is cut off', async () => {
  const pod = await startHttp((_request, response) => void response.end(Buffer.alloc(30_000_000)))
  closers.push(pod.close)
  const gateway = await gatewayTo([pod.port], { 'postern.dev/idle-timeout': '1s' })
  const client = dial(gateway.port)
  client.pause().write(`GET / HTTP/1.1\r\n${HOST}\r\n`)
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 200, error: 'client-closed' })
})

test('a client that asks on and on, and reads no refusal, is cut off', async () => {
  const gateway = await gatewayTo([])
  const client = dial(gateway.port).pause()
  const closed = new Promise((resolve) => client.once('close', resolve))
  const requests = `GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(1000)
  const feed = (): void => {
    while (client.writable && client.write(requests));
  }
  client.on('drain', feed)
  feed()
  await closed
  expect(gateway.observer.seen.at(-1)).toMatchObject({ status: 503, error: 'endpoints-none' })
})
