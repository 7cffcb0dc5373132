import { afterEach, expect, test } from 'vitest'
import { serviceYaml, startGateway } from '../../support/gateway.ts'
import { echo, send, startHttp } from '../../support/http.ts'
import { startIssuer, tokenAnnotations } from '../../support/tokens.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

test('wherever a token comes, nobody who observes the request is told of it', async () => {
  const [issuer, pod] = [await startIssuer(), await startHttp(echo)]
  const from = { 'postern.dev/jwt-from': 'bearer, cookie:session, query:token' }
  const annotations = tokenAnnotations(issuer.jwksUrl, from)
  const gateway = await startGateway(serviceYaml({ annotations, endpoints: [pod.port] }))
  closers.push(issuer.close, pod.close, gateway.close)
  const token = await issuer.token()
  const bad = `${token.slice(0, -8)}AAAAAAAA`
  const { port } = gateway
  const statuses: number[] = []
  for (const one of [token, bad]) {
    for (const request of [
      { headers: { authorization: `Bearer ${one}` } },
      { headers: { cookie: `session=${one}` } },
      { path: `/?token=${one}` },
    ]) {
      statuses.push((await send({ port, ...request })).status)
    }
  }
  expect(statuses).toEqual([200, 200, 200, 401, 401, 401])
  const seen = JSON.stringify(await gateway.observer.ended(6))
  expect(seen).toContain('token-invalid')
  for (const part of token.split('.')) expect(seen).not.toContain(part.slice(0, 40))
})
