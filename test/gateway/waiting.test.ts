import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Answer } from '../../src/gateway/external-names.ts'
import { startGateway } from '../support/gateway.ts'
import { send, startHttp } from '../support/http.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const service = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
  spec: { type: 'ExternalName', externalName: 'api.example.com' },
})

/** A gateway whose name server answers when the test says so. */
async function waiting() {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<Answer>()
  const gateway = await startGateway(service, {
    resolve: () => {
      asked.resolve()
      return answer.promise
    },
  })
  closers.push(gateway.close)
  return { gateway, asked: asked.promise, answer }
}

test('a request that was answered while its name was looked up goes nowhere', async () => {
  const { gateway, asked, answer } = await waiting()
  const client = connect(gateway.port, '127.0.0.1')
  closers.push(() => void client.destroy())
  client.write('POST /pay HTTP/1.1\r\nHost: web.shop.example.test\r\nTransfer-Encoding: chunked\r\n\r\n')
  await asked
  client.write('not a chunk\r\n')
  let text = ''
  for await (const chunk of client.iterator({ destroyOnReturn: false })) {
    text += chunk
    if (text.includes('http_request_error')) break
  }
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
  answer.resolve({ addresses: ['203.1.113.1'], ttlSeconds: 60 })
  await answer.promise
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 400, attempts: 0 })
})

test('a client that leaves while a name is looked up is not dialled for', async () => {
  const { gateway, asked, answer } = await waiting()
  const client = connect(gateway.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: web.shop.example.test\r\n\r\n')
  await asked
  client.destroy()
  const [seen] = await gateway.observer.ended(1)
  answer.resolve({ addresses: ['203.1.113.1'], ttlSeconds: 60 })
  await answer.promise
  expect(seen).toMatchObject({ error: 'client-closed', attempts: 0 })
})

test('a request that comes back again and again is ended', async () => {
  const pod = await startHttp((_request, response) => void response.end('never'))
  closers.push(pod.close)
  const { gateway } = await waiting()
  const via = Array.from({ length: 4 }, () => '1.1 postern').join(', ')
  const response = await send({ port: gateway.port, headers: { via } })
  expect(response.status).toBe(508)
  expect(response.headers['proxy-status']).toBe('postern; error=proxy_loop_detected')
})

test('a transfer coding that would be lost on the way is refused', async () => {
  const { gateway } = await waiting()
  const response = await send({
    port: gateway.port,
    method: 'POST',
    headers: { 'transfer-encoding': 'gzip, chunked' },
    body: 'x',
  })
  expect(response.status).toBe(501)
})
