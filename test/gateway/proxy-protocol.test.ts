import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parseCidrs } from '../../src/cli/address-values.ts'
import type { Cidr } from '../../src/model/address.ts'
import { freePort } from '../support/free-port.ts'
import { hurried, serviceYaml, startGateway, type TestGateway } from '../support/gateway.ts'
import { startHttp, type TestServer } from '../support/http.ts'
import { IPV4_BLOCK, IPV6_BLOCK, UNIX_BLOCK, v2Header } from '../support/proxy-headers.ts'
import { RawClient } from '../support/raw-client.ts'
import { hasHaproxy, startTcpBalancer } from '../support/tcp-balancer.ts'

function cidrs(text: string): readonly Cidr[] {
  const parsed = parseCidrs(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

const request = (fields = '') =>
  `GET / HTTP/1.1\r\nHost: web.shop.example.test\r\nConnection: close\r\n${fields}\r\n`
const TCP4 = 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 80\r\n'

let pod: TestServer
let gateway: TestGateway | undefined
const troubles: string[] = []

beforeAll(async () => {
  pod = await startHttp(({ headers }, response) => response.end(`from ${headers['x-forwarded-for']}`))
})
afterAll(() => pod.close())
afterEach(async () => {
  await gateway?.close()
  troubles.length = 0
})

/** @returns the port of a gateway that expects headers of those */
async function gatewayFor(balancers: string, trusted = ''): Promise<number> {
  gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }), {
    proxyProtocol: cidrs(balancers),
    road: { trustedProxies: cidrs(trusted), networkPolicy: 'enforce' },
    timers: hurried,
    onTrouble: (error) => troubles.push(error.message),
  })
  return gateway.port
}

async function answerTo(port: number, ...pieces: readonly string[]): Promise<string> {
  const client = await RawClient.connect(port)
  for (const piece of pieces) {
    client.write(piece)
    // Not gathered with the next one.
    await new Promise((resolve) => client.socket.write('', resolve))
  }
  return await client.ended()
}

describe('a balancer in --proxy-protocol', () => {
  test.each([
    ['v1', TCP4, '203.0.113.9'],
    ['v1 of IPv6', 'PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n', '2001:db8::7'],
    ['v1 of mapped IPv4', 'PROXY TCP6 ::ffff:203.0.113.9 ::1 4711 80\r\n', '203.0.113.9'],
    ['v2', v2Header({ block: IPV4_BLOCK }), '203.0.113.9'],
    ['v2 of IPv6', v2Header({ family: 0x21, block: IPV6_BLOCK }), '2001:db8::7'],
    ['its own health check', v2Header({ command: 0x20, family: 0 }), '127.0.0.1'],
    ['v1 UNKNOWN', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
    ['a process on its machine', v2Header({ family: 0x31, block: UNIX_BLOCK }), 'unknown'],
  ])('names its client by %s', async (_name, header, address) => {
    const port = await gatewayFor('127.0.0.0/8')
    expect(await answerTo(port, header + request())).toContain(`from ${address}`)
    expect(gateway?.observer.seen[0]?.start.peerAddress).toBe(address)
  })

  test('may send its header in pieces, and the request apart', async () => {
    const port = await gatewayFor('127.0.0.0/8')
    const header = v2Header({ block: IPV4_BLOCK })
    const pieces = [header.slice(0, 5), header.slice(5, 14), header.slice(14), request()]
    expect(await answerTo(port, ...pieces)).toContain('from 203.0.113.9')
  })

  test('speaks for a client whose own X-Forwarded-For is worth nothing', async () => {
    const port = await gatewayFor('127.0.0.0/8', '127.0.0.0/8')
    const answer = await answerTo(port, TCP4 + request('X-Forwarded-For: 6.6.6.6\r\n'))
    expect(answer).toMatch(/from 203\.0\.113\.9$/)
  })

  test('speaks for a trusted proxy, which names its own', async () => {
    const port = await gatewayFor('127.0.0.0/8', '203.0.113.9')
    await answerTo(port, TCP4 + request('X-Forwarded-For: 198.51.100.1\r\n'))
    expect(gateway?.observer.seen[0]?.start).toMatchObject({ peerAddress: '203.0.113.9' })
  })

  test.each([
    ['none', request()],
    ['a wrong one', 'PROXY TCP4 203.0.113 192.0.2.1 4711 80\r\n'],
    ['one too long', v2Header({ length: 65_535 })],
  ])(
    'is cut off without an answer when it sends %s, and the operator hears of it once',
    async (_name, text) => {
      const port = await gatewayFor('127.0.0.0/8')
      expect(await answerTo(port, text)).toBe('')
      expect(await answerTo(port, text)).toBe('')
      expect(troubles).toEqual([expect.stringContaining('127.0.0.1, which is in --proxy-protocol')])
      expect(gateway?.observer.seen).toEqual([])
    },
  )

  test('that sends two headers has sent no request after the first', async () => {
    const port = await gatewayFor('127.0.0.0/8')
    expect(await answerTo(port, TCP4 + TCP4 + request())).toContain('HTTP/1.1 400')
  })

  test('is not waited for without end', async () => {
    const port = await gatewayFor('127.0.0.0/8')
    expect(await answerTo(port, TCP4.slice(0, 20))).toBe('')
    expect(troubles).toEqual([expect.stringContaining('its header took too long')])
  })

  test('looks whether the port is open, and nobody is troubled', async () => {
    const port = await gatewayFor('127.0.0.0/8')
    const client = await RawClient.connect(port)
    client.end()
    expect(await client.ended()).toBe('')
    expect(await answerTo(port, TCP4 + request())).toContain('from 203.0.113.9')
    expect(troubles).toEqual([])
  })

  test('keeps a gateway that drains no longer than its grace', async () => {
    const port = await gatewayFor('127.0.0.0/8')
    const client = await RawClient.connect(port)
    client.write('PROXY ')
    // By when the gateway has the first connection too.
    await answerTo(port, TCP4 + request())
    await gateway?.listener.close(60_000)
    expect(await client.ended()).toBe('')
  })
})

describe('anybody else', () => {
  test.each([
    ['v1', TCP4],
    ['v2', v2Header({ block: IPV4_BLOCK })],
  ])('who sends a %s header is refused', async (_name, header) => {
    const port = await gatewayFor('192.0.2.1')
    expect(await answerTo(port, header + request())).toContain('HTTP/1.1 400')
    expect(gateway?.observer.seen).toMatchObject([{ status: 400, error: 'request-invalid' }])
  })

  test('is served without one', async () => {
    const port = await gatewayFor('192.0.2.1')
    expect(await answerTo(port, request())).toContain('from 127.0.0.1')
  })
})

describe.skipIf(!hasHaproxy)('HAProxy', () => {
  test.each(['send-proxy', 'send-proxy-v2'] as const)('names its client with %s', async (proxyHeader) => {
    const port = await gatewayFor('127.0.0.1')
    const balancerPort = await freePort()
    const balancer = await startTcpBalancer(balancerPort, [{ port, healthPort: pod.port }], proxyHeader)
    try {
      const socket = connect({ port: balancerPort, host: '127.0.0.1', localAddress: '127.0.0.77' })
      socket.write(request())
      const answer: Buffer[] = []
      socket.on('data', (chunk: Buffer) => answer.push(chunk))
      await once(socket, 'close')
      expect(Buffer.concat(answer).toString()).toContain('from 127.0.0.77')
    } finally {
      balancer.stop()
    }
  })
})
