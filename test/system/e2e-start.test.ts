import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { startPostern, startServing } from '../support/postern-process.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** An address that somebody listens on already. */
async function taken(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

test.each([
  ['--listen', '1'],
  ['--console', '1'],
  ['--listen', '2'],
  ['--console', '2'],
])('up ends with an error when the address of %s is taken, with %s workers', async (flag, workers) => {
  const free = flag === '--listen' ? '--console' : '--listen'
  const address = await taken()
  const manifests = ['--manifests', 'examples/shop/manifests']
  const postern = startPostern([
    'up',
    ...manifests,
    flag,
    address,
    free,
    '127.0.0.1:0',
    '--access-log',
    'off',
    '--workers',
    workers,
  ])
  closers.push(() => postern.child.kill('SIGKILL'))
  const [code] = await once(postern.child, 'exit')
  expect(code).toBe(1)
  expect(postern.said()).toContain('address already in use')
  expect(postern.said()).toContain(address)
})

test('an IPv6 address is told as it stands in URLs', async () => {
  const manifests = ['--manifests', 'examples/shop/manifests']
  const postern = await startServing(['up', ...manifests, '--listen', '[::1]:0', '--console', '[::1]:0'])
  closers.push(() => postern.stop())
  expect(postern.said()).toContain(`on http://[::1]:${postern.port}, console on http://[::1]:`)
  expect((await fetch(`${postern.console}/healthz`)).status).toBe(200)
})
