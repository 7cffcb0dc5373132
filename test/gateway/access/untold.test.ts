import { afterEach, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway.ts'
import { echo, send, startHttp } from '../../support/http.ts'
import { basic, htpasswd, secretYaml, withSecrets } from '../../support/secrets.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayWith(annotations: Readonly<Record<string, string>>, ...secrets: readonly string[]) {
  const pod = await startHttp(echo)
  const gateway = await startGateway(withSecrets({ annotations, endpoints: [pod.port] }, ...secrets))
  closers.push(pod.close, gateway.close)
  return gateway
}

test('wherever a key comes, nobody who observes the request is told of it', async () => {
  const key = 'key-that-nobody-is-told-0123456789'
  const annotations = {
    'postern.dev/api-keys': 'partners',
    'postern.dev/api-key-from': 'header:X-API-Key, bearer, cookie:key, query:key',
  }
  const { port, observer } = await gatewayWith(annotations, secretYaml('partners', { alpha: key }))
  const statuses: number[] = []
  for (const one of [key, `${key}-wrong`]) {
    for (const request of [
      { headers: { 'x-api-key': one } },
      { headers: { authorization: `Bearer ${one}` } },
      { headers: { cookie: `key=${one}` } },
      { path: `/?key=${one}` },
    ]) {
      statuses.push((await send({ port, ...request })).status)
    }
  }
  expect(statuses).toEqual([200, 200, 200, 200, 401, 401, 401, 401])
  const seen = JSON.stringify(await observer.ended(8))
  expect(seen).toContain('key-invalid')
  expect(seen).not.toContain(key)
})

test('nobody who observes a request is told of its password', async () => {
  const auth = htpasswd('alice', 'open sesame')
  const { port, observer } = await gatewayWith(
    { 'postern.dev/basic-auth': 'staff' },
    secretYaml('staff', { auth }),
  )
  const statuses: number[] = []
  for (const password of ['open sesame', 'shut sesame']) {
    statuses.push((await send({ port, headers: basic('alice', password) })).status)
  }
  expect(statuses).toEqual([200, 401])
  const seen = JSON.stringify(await observer.ended(2))
  expect(seen).toContain('password-invalid')
  expect(seen).not.toContain('sesame')
  expect(seen).not.toContain(basic('alice', 'shut sesame').authorization.slice(6))
})
