import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { authCaller } from '../../../src/gateway/access/call-auth.node.ts'
import type { KeyReach } from '../../../src/gateway/tokens/key-reach.ts'
import { parseCidr } from '../../../src/model/address.ts'
import { startHttp, startTcp } from '../../support/http.ts'

const cidrs = (...texts: readonly string[]) => texts.map(parseCidr).filter((cidr) => cidr !== undefined)
const closed: KeyReach = { allowedCidrs: [], deniedCidrs: [], isNode: () => false, allowsHttp: true }
const open = { ...closed, allowedCidrs: cidrs('127.0.0.0/8') }
const never = new AbortController().signal

/** An auth server that is found by a name, which leads to these addresses. */
async function callBy(addresses: readonly string[], reach: KeyReach, listener: RequestListener) {
  let asked = 0
  const server = await startHttp((request, response) => {
    asked++
    listener(request, response)
  })
  const call = authCaller(reach, async () => ({ addresses, ttlSeconds: 1 }))
  const url = `http://auth.example.test:${server.port}/verify`
  const outcome = await call({ url, fields: ['X-Original-URL', 'http://a/'] }, never).catch(
    (error: Error) => error.message,
  )
  await server.close()
  return { outcome, asked }
}

const admit: RequestListener = (_request, response) => void response.end()

test('a name that leads inside is not asked, unless the operator allows where it leads', async () => {
  const refused = await callBy(['127.0.0.1'], closed, admit)
  expect(refused).toMatchObject({
    asked: 0,
    outcome: expect.stringContaining('no address of auth.example.test may be asked'),
  })
  expect((await callBy(['10.0.0.1', '127.0.0.1'], open, admit)).asked).toBe(1)
})

test.each([
  'http://127.0.0.1/',
  'http://169.254.169.254/',
  'http://[::ffff:127.0.0.1]/',
  'http://2130706433/',
])('%s is not asked', async (url) => {
  const call = authCaller(closed, () => Promise.reject(new Error('no name is asked')))
  await expect(call({ url, fields: [] }, never)).rejects.toThrow('not public')
})

test('without TLS only where the operator allows that', async () => {
  const call = authCaller({ ...open, allowsHttp: false }, () => Promise.reject(new Error('no name is asked')))
  await expect(call({ url: 'http://127.0.0.1/', fields: [] }, never)).rejects.toThrow('not https')
})

test('a redirect is an answer, and leads nowhere', async () => {
  const { outcome, asked } = await callBy(['127.0.0.1'], open, (_request, response) => {
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  expect(outcome).toMatchObject({ status: 302 })
  expect(asked).toBe(1)
})

test('an answer without end, which nobody needs, is given up', async () => {
  const ended = Promise.withResolvers<void>()
  const { outcome } = await callBy(['127.0.0.1'], open, (_request, response) => {
    response.on('close', () => ended.resolve())
    const pour = () => {
      while (response.write('x'.repeat(16_384)));
      if (!response.destroyed) response.once('drain', pour)
    }
    pour()
  })
  expect(outcome).toMatchObject({ status: 200 })
  await ended.promise
})

test('fields without end are no answer', async () => {
  const { outcome } = await callBy(['127.0.0.1'], open, (_request, response) => {
    response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end()
  })
  expect(outcome).toMatch(/headers overflow/i)
})

test('who takes the question and says nothing is left when it is time', async () => {
  const server = await startTcp((socket) => void socket.resume())
  const abort = new AbortController()
  const call = authCaller(open, () => Promise.reject(new Error('no name is asked')))
  const answer = call({ url: `http://127.0.0.1:${server.port}/`, fields: [] }, abort.signal)
  const failed = expect(answer).rejects.toThrow('late')
  abort.abort(new Error('late'))
  await failed
  await server.close()
})
