import { Hono } from 'hono'
import { describe, expect, it, test } from 'vitest'
import { guardConsole } from '../../src/console/guard.ts'
import { BearerTokens } from '../../src/model/bearer-tokens.ts'
import { guarded, serveConsole } from '../../workers/node/console.ts'

const TOKEN = 'a-token-of-the-operators'

function consoleAsked(options: {
  readonly peer?: string | undefined
  readonly tokens?: readonly string[]
}): (path: string, fields?: Readonly<Record<string, string>>, host?: string) => Promise<Response> {
  const inner = new Hono()
  inner.all('*', (c) => c.text(`inner ${c.req.path} ${c.req.query('q') ?? ''}`.trim()))
  const tokens = options.tokens && new BearerTokens(options.tokens)
  const app = guardConsole(inner, { tokens, peerOf: () => options.peer })
  return async (path, headers = {}, host = '127.0.0.1:9080') =>
    await app.request(`http://${host}${path}`, { headers })
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('without a token', () => {
  test.each(['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1'])('%s is this machine', async (peer) => {
    const answer = await consoleAsked({ peer })('/api/routes?q=1')
    expect([answer.status, await answer.text()]).toEqual([200, 'inner /api/routes 1'])
  })

  test.each(['10.0.0.7', '::ffff:10.0.0.7', 'fe80::1', 'gateway', '', undefined])(
    '%s is not',
    async (peer) => {
      const ask = consoleAsked({ peer })
      expect((await ask('/api/routes', bearer(TOKEN))).status).toBe(403)
      expect((await ask('/api/routes')).status).toBe(403)
    },
  )

  test('a name that a stranger has resolved to this machine opens nothing', async () => {
    const ask = consoleAsked({ peer: '127.0.0.1' })
    expect((await ask('/api/routes', {}, 'rebound.example.com:9080')).status).toBe(403)
    expect((await ask('/api/routes', {}, 'localhost:9080')).status).toBe(200)
    expect((await ask('/api/routes', {}, '[::1]:9080')).status).toBe(200)
  })
})

describe('with a token', () => {
  const ask = consoleAsked({ peer: '127.0.0.1', tokens: [TOKEN, 'the-one-that-comes-next'] })

  it('asks everybody for it, this machine too', async () => {
    const answer = await ask('/api/explain')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="postern console"')
    expect((await ask('/api/explain', bearer('a-token-of-the-operatorz'))).status).toBe(401)
    expect((await ask(`/api/explain?token=${TOKEN}`)).status).toBe(401)
  })

  it('takes each of several, from anywhere and under any name', async () => {
    const far = consoleAsked({ peer: '10.0.0.7', tokens: [TOKEN, 'the-one-that-comes-next'] })
    expect((await far('/api/routes', bearer(TOKEN), 'console.example.com')).status).toBe(200)
    expect((await far('/api/routes', bearer('the-one-that-comes-next'))).status).toBe(200)
  })
})

test.each(['/', '/healthz', '/readyz', '/metrics'])('%s is for probes, which have no token', async (path) => {
  expect((await consoleAsked({ peer: '10.0.0.7' })(path)).status).toBe(200)
  expect((await consoleAsked({ peer: '10.0.0.7', tokens: [TOKEN] })(path)).status).toBe(200)
})

test.each(['//healthz/../api/routes', '/healthz/', '/healthz%2f..%2fapi', '/METRICS', '/metrics/x'])(
  '%s is none of those paths',
  async (path) => {
    expect((await consoleAsked({ peer: '10.0.0.7' })(path)).status).toBe(403)
  },
)

test('a socket knows who asks', async () => {
  const inner = new Hono()
  inner.get('/api/routes', (c) => c.text('routes'))
  const server = await serveConsole(guarded(inner, undefined), { host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${server.port}/api/routes`
  expect(await (await fetch(url)).text()).toBe('routes')
  await server.close()
})
