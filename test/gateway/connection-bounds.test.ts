import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { ConnectionBounds, type ConnectionLimits } from '../../src/gateway/connection-bounds.ts'
import { identifyPeer } from '../../src/identity/identify.ts'
import { parseCidr } from '../../src/model/address.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml, startGateway, type TestGateway } from '../support/gateway.ts'
import { startHttp } from '../support/http.ts'
import { RawClient } from '../support/raw-client.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: web.shop.example.test\r\n\r\n'
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function boundsOf(maxConnections: number, maxConnectionsPerClient: number) {
  const said: string[] = []
  let now = 0
  const bounds = new ConnectionBounds(
    { maxConnections, maxConnectionsPerClient },
    { now: () => now, elapsed: () => now },
    (error) => void said.push(error.message),
  )
  const pass = (ms: number): void => {
    now += ms
  }
  return { bounds, said, pass }
}

async function gatewayWith(connections: ConnectionLimits): Promise<TestGateway & { said: string[] }> {
  const pod = await startHttp((_request, response) => void response.end('pod'))
  closers.push(pod.close)
  const said: string[] = []
  const onTrouble = (error: Error): void => void said.push(error.message)
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }), { connections, onTrouble })
  closers.push(gateway.close)
  return { ...gateway, said }
}

async function connected(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  closers.push(() => client.leave())
  return client
}

async function answered(client: RawClient): Promise<void> {
  client.text = ''
  client.write(REQUEST)
  await client.until('pod')
}

/** It is reset, at once or when it is used. */
async function expectRefused(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const data = vi.fn()
  socket.on('data', data).on('connect', () => socket.write(REQUEST))
  await expect(once(socket, 'close')).rejects.toThrow('ECONNRESET')
  expect(data).not.toHaveBeenCalled()
}

test('one connection more than a client may have is refused, and those it has are served', async () => {
  const gateway = await gatewayWith({ maxConnections: 0, maxConnectionsPerClient: 2 })
  const clients = [await connected(gateway.port), await connected(gateway.port)]
  for (const client of clients) await answered(client)
  await expectRefused(gateway.port)
  for (const client of clients) await answered(client)
  expect(gateway.listener.connections).toEqual({ open: 2, refused: { total: 0, client: 1 } })
  expect(gateway.said).toEqual([
    'Cannot take a connection from 127.0.0.1: 127.0.0.1 has 2 open, as many as --max-connections-per-client allows',
  ])
})

test('a connection that has ended leaves its place to another', async () => {
  const gateway = await gatewayWith({ maxConnections: 1, maxConnectionsPerClient: 0 })
  const first = await connected(gateway.port)
  await answered(first)
  await expectRefused(gateway.port)
  first.leave()
  await waitFor(
    'a free place',
    () => gateway.listener.connections.open,
    (open) => open === 0,
  )
  await answered(await connected(gateway.port))
  expect(gateway.listener.connections.refused).toEqual({ total: 1, client: 0 })
})

test('a client is an IPv4 address, also one that is written as IPv6, or an IPv6 /64', () => {
  const { bounds } = boundsOf(0, 1)
  const takes = (address: string) => bounds.take(identifyPeer(address, []))
  expect(takes('192.0.2.1')).toBe(true)
  expect(takes('::ffff:192.0.2.1')).toBe(false)
  expect(takes('192.0.2.2')).toBe(true)
  expect(takes('2001:db8:0:1::1')).toBe(true)
  expect(takes('2001:db8:0:1:ffff::2')).toBe(false)
  expect(takes('2001:db8:0:2::1')).toBe(true)
})

test('a trusted proxy brings any number, up to the total', () => {
  const { bounds } = boundsOf(3, 1)
  const proxy = identifyPeer(
    '10.0.0.1',
    [parseCidr('10.0.0.0/8')].flatMap((cidr) => (cidr ? [cidr] : [])),
  )
  expect([1, 2, 3, 4].map(() => bounds.take(proxy))).toEqual([true, true, true, false])
  bounds.give(proxy)
  expect(bounds.take(proxy)).toBe(true)
})

test('what is refused is counted each time, and said once a minute', () => {
  const { bounds, said, pass } = boundsOf(1, 0)
  const peer = identifyPeer('192.0.2.1', [])
  bounds.take(peer)
  for (let i = 0; i < 100; i++) bounds.take(peer)
  expect(said).toEqual([
    'Cannot take a connection from 192.0.2.1: clients have 1 open, as many as --max-connections allows',
  ])
  pass(60_000)
  bounds.take(peer)
  expect(said).toHaveLength(2)
  expect(bounds.counts).toEqual({ open: 1, refused: { total: 101, client: 0 } })
})

test('without bounds there is room for everybody', () => {
  const { bounds } = boundsOf(0, 0)
  const peer = identifyPeer('192.0.2.1', [])
  for (let i = 0; i < 1000; i++) expect(bounds.take(peer)).toBe(true)
})
