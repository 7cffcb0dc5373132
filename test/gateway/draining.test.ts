import { once } from 'node:events'
import { Agent, type IncomingMessage, type RequestListener, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { hurried, serviceYaml, startGateway, type TestGateway } from '../support/gateway.ts'
import { send, startHttp } from '../support/http.ts'

const HOST = 'web.shop.example.test'
const LONG_MS = 1_000_000
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(port: number): Promise<TestGateway> {
  const gateway = await startGateway(serviceYaml({ endpoints: [port] }), { timers: hurried })
  closers.push(gateway.close)
  return gateway
}

async function gatewayOver(listener: RequestListener): Promise<TestGateway> {
  const pod = await startHttp(listener)
  closers.push(pod.close)
  return await gatewayTo(pod.port)
}

/** A client of one connection that stays open for as long as it is let. */
function client(port: number, host = HOST) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  closers.push(() => agent.destroy())
  return async (): Promise<IncomingMessage> => {
    const outgoing = request({ host: '127.0.0.1', port, agent, headers: { host } }).end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    return response
  }
}

async function connectionOf(response: IncomingMessage): Promise<string | undefined> {
  await text(response)
  return response.headers.connection
}

test('before the drain clients may stay; from its beginning each answer asks them to leave', async () => {
  const gateway = await gatewayOver((_request, response) => void response.end('ok'))
  const [ask, lost] = [client(gateway.port), client(gateway.port, 'nowhere.test')]
  expect([await connectionOf(await ask()), await connectionOf(await lost())]).toEqual([
    'keep-alive',
    'keep-alive',
  ])
  gateway.listener.startDraining()
  expect([await connectionOf(await ask()), await connectionOf(await lost())]).toEqual(['close', 'close'])
  // A balancer may not know yet: whoever comes is served.
  expect((await send({ port: gateway.port })).status).toBe(200)
})

test('a request that was under way when the drain began is answered, and asked to leave', async () => {
  const asked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const gateway = await gatewayOver(async (_request, response) => {
    asked.resolve()
    await release.promise
    response.end('late')
  })
  const answer = client(gateway.port)()
  await asked.promise
  const closed = gateway.listener.close(LONG_MS)
  release.resolve()
  const response = await answer
  expect([response.headers.connection, await text(response)]).toEqual(['close', 'late'])
  await closed
})

test('an answer that has begun is let end, and nobody new is let in', async () => {
  const release = Promise.withResolvers<void>()
  const gateway = await gatewayOver(async (_request, response) => {
    response.write('begun ')
    await release.promise
    response.end('ended')
  })
  const response = await client(gateway.port)()
  const closed = gateway.listener.close(LONG_MS)
  await expect(send({ port: gateway.port })).rejects.toThrow('ECONNREFUSED')
  release.resolve()
  expect(await text(response)).toBe('begun ended')
  await closed
})

test('a connection that stays idle is closed, and does not hold up the drain', async () => {
  const gateway = await gatewayOver((_request, response) => void response.end('ok'))
  const response = await client(gateway.port)()
  const { socket } = response
  await text(response)
  const left = once(socket, 'close')
  await gateway.listener.close(LONG_MS)
  await left
})

test('a connection on which nothing was ever sent does not hold up the drain', async () => {
  const gateway = await gatewayOver((_request, response) => void response.end('ok'))
  const silent = connect(gateway.port, '127.0.0.1').resume()
  await once(silent, 'connect')
  // The kernel tells of a connection before the listener has accepted it; those after it come later.
  await send({ port: gateway.port })
  const left = once(silent, 'close')
  await gateway.listener.close(LONG_MS)
  await left
})

test('what does not end in time is cut: an answer, and a WebSocket', async () => {
  const gateway = await gatewayOver((_request, response) => void response.write('begun'))
  const response = await client(gateway.port)()
  const cut = expect(text(response)).rejects.toThrow('aborted')
  await gateway.listener.close(0)
  await cut

  const pod = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(pod, 'listening')
  closers.push(() => pod.close())
  const address = pod.address()
  const other = await gatewayTo(typeof address === 'object' && address !== null ? address.port : 0)
  const socket = new WebSocket(`ws://127.0.0.1:${other.port}/`, { headers: { host: HOST } })
  await once(socket, 'open')
  const left = once(socket, 'close')
  await other.listener.close(0)
  expect((await left)[0]).toBe(1006)
})
