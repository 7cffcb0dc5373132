import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCidrs } from '../../src/cli/address-values.ts'
import type { ProxyTrust } from '../../src/identity/identify.ts'
import { serviceYaml, startGateway } from '../support/gateway.ts'
import { echo, send, startHttp, type TestServer } from '../support/http.ts'

let pod: TestServer
beforeAll(async () => {
  pod = await startHttp(echo)
})
afterAll(() => pod.close())

/** What the application is told of a request that says both, from a proxy that writes one of them. */
async function told(forwardedHeader: ProxyTrust['forwardedHeader']) {
  const loopback = parseCidrs('127.0.0.0/8')
  if (!loopback.ok || forwardedHeader === undefined) throw new Error('the test is wrong')
  const road = { trustedProxies: loopback.value, forwardedHeader, networkPolicy: 'enforce' } as const
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }), { road })
  try {
    const headers = {
      forwarded: 'for=203.0.113.9;proto=https',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil.example',
    }
    const { body } = await send({ port: gateway.port, headers })
    const seen: { headers: Record<string, string | undefined> } = JSON.parse(body)
    return seen.headers
  } finally {
    await gateway.close()
  }
}

test('behind proxies that write Forwarded, what they pass on of X-Forwarded-* is replaced by what they say', async () => {
  expect(await told('forwarded')).toMatchObject({
    'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    'x-forwarded-host': 'web.shop.example.test',
    'x-forwarded-proto': 'https',
    'x-real-ip': '203.0.113.9',
  })
  expect(await told('forwarded')).not.toHaveProperty('forwarded')
})

test('behind proxies that write X-Forwarded-For, it is extended, and Forwarded goes', async () => {
  const headers = await told('x-forwarded-for')
  expect(headers).toMatchObject({ 'x-forwarded-for': '6.6.6.6, 127.0.0.1', 'x-real-ip': '6.6.6.6' })
  expect(headers).not.toHaveProperty('forwarded')
})
