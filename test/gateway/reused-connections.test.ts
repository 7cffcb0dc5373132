import { afterEach, expect, test } from 'vitest'
import { serviceYaml, startGateway, type TestGateway } from '../support/gateway.ts'
import { send, startTcp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** An endpoint that answers once on each connection, and cuts it at the next request: it had idled for too long. */
async function gatewayToForgetful(): Promise<{ gateway: TestGateway; seen: string[] }> {
  const seen: string[] = []
  const pod = await startTcp((socket) => {
    let count = 0
    socket.on('data', (chunk) => {
      seen.push(`${`${chunk}`.split(' ')[0]} ${++count}`)
      if (count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else socket.destroy()
    })
  })
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }))
  closers.push(pod.close, gateway.close)
  return { gateway, seen }
}

test('a connection that ends as it is used again costs an idempotent request nothing', async () => {
  const { gateway, seen } = await gatewayToForgetful()
  for (let i = 0; i < 2; i++) expect((await send({ port: gateway.port })).status).toBe(200)
  expect(seen).toEqual(['GET 1', 'GET 2', 'GET 1'])
  const [, second] = await gateway.observer.ended(2)
  expect(second).toMatchObject({ status: 200, attempts: 2 })
})

test('on such a connection a request that is not idempotent is not sent again', async () => {
  const { gateway, seen } = await gatewayToForgetful()
  await send({ port: gateway.port })
  expect((await send({ port: gateway.port, method: 'POST' })).status).toBe(502)
  expect(seen).toEqual(['GET 1', 'POST 2'])
})
