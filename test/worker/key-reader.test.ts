import { afterEach, expect, test } from 'vitest'
import { parseConfig } from '../../workers/cloudflare/config.ts'
import { keyReader } from '../../workers/cloudflare/key-reader.ts'
import { startHttp } from '../support/http.ts'
import { systemFetch } from '../support/relay.ts'

const never = new AbortController().signal
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** What a reader with these variables gets of a server of keys on this machine, or why it does not. */
async function readBy(
  variables: Readonly<Record<string, string>>,
  host = '127.0.0.1',
  document = '{"keys":[]}',
) {
  const server = await startHttp((_request, response) => void response.end(document))
  closers.push(server.close)
  const parsed = parseConfig({ UNSIGNED: 'on', RELAY_URL: 'http://relay.example.test', ...variables })
  if (!parsed.ok) throw new Error(parsed.faults.join())
  const read = keyReader(parsed.config, systemFetch)
  return await read(`http://${host}:${server.port}/`, never).catch(({ message }: Error) => message)
}

const OPEN = { JWKS_CIDRS: '127.0.0.0/8', JWKS_HTTP: 'on' }

test('keys are read where the variables say', async () => {
  expect(await readBy(OPEN)).toBe('{"keys":[]}')
})

test('neither without TLS nor from private addresses unless they say so', async () => {
  expect(await readBy({ ...OPEN, JWKS_HTTP: 'off' })).toBe('it is not https')
  expect(await readBy({ JWKS_HTTP: 'on' })).toBe('127.0.0.1 is not public (loopback)')
})

test('where bare addresses are reached, no name is asked: it could lead to one', async () => {
  expect(await readBy({ ...OPEN, PODS: 'direct' }, 'localhost')).toBe('localhost may lead anywhere here')
})

test('an endless document is given up', async () => {
  expect(await readBy(OPEN, '127.0.0.1', 'x'.repeat(300_000))).toContain('longer than')
})
