import { expect, test } from 'vitest'
import { keyUrl } from '../../../src/gateway/tokens/key-reach.ts'
import { documentReader } from '../../../src/gateway/tokens/read-document.node.ts'
import { parseCidr } from '../../../src/model/address.ts'
import { startHttp } from '../../support/http.ts'

const cidrs = (...texts: readonly string[]) => texts.map(parseCidr).filter((cidr) => cidr !== undefined)
const closed = { allowedCidrs: [], deniedCidrs: [], isNode: () => false, allowsHttp: false }
const open = { ...closed, allowedCidrs: cidrs('0.0.0.0/0', '::/0'), allowsHttp: true }
const never = new AbortController().signal

test.each([
  ['http://login.example.com/keys', 'not https'],
  ['file:///etc/passwd', 'not https'],
  ['https://user:secret@login.example.com/', 'password'],
  ['https://127.0.0.1/', 'loopback'],
  ['https://2130706433/', 'loopback'],
  ['https://0x7f.1/', 'loopback'],
  ['https://[::1]/', 'loopback'],
  ['https://[::ffff:127.0.0.1]/', 'loopback'],
  ['https://10.0.0.1/', 'private'],
  ['https://169.254.169.254/', 'linkLocal'],
  ['https://[fe80::1]/', 'linkLocal'],
  ['https://[fd00:ec2::254]/', 'metadata'],
  ['https://100.100.100.200/', 'metadata'],
  ['https://[64:ff9b::a00:1]/', 'not public'],
  ['https://0.0.0.0/', 'unspecified'],
])('%s is not asked: %s', (url, why) => {
  expect(() => keyUrl(url, closed)).toThrow(why)
})

test.each(['https://169.254.169.254/', 'https://[fd00:ec2::254]/', 'https://100.100.100.200/'])(
  '%s is not asked whatever the operator allows',
  (url) => {
    expect(() => keyUrl(url, open)).toThrow('not public')
  },
)

test('what the operator denies, and Nodes, are not asked', () => {
  expect(() => keyUrl('https://203.1.113.7/', { ...open, deniedCidrs: cidrs('203.1.113.0/24') })).toThrow(
    'deny',
  )
  expect(() => keyUrl('https://203.1.113.7/', { ...open, isNode: () => true })).toThrow('Node')
  expect(keyUrl('https://203.1.113.7/', closed).hostname).toBe('203.1.113.7')
})

/** A server of keys, and a reader that finds its name at these addresses. */
async function readBy(addresses: readonly string[], allowed: readonly string[]) {
  let asked = 0
  const server = await startHttp((_request, response) => {
    asked++
    response.end('{"keys":[]}')
  })
  const reach = { ...closed, allowedCidrs: cidrs(...allowed), allowsHttp: true }
  const read = documentReader(reach, async () => ({ addresses, ttlSeconds: 1 }))
  const outcome = await read(`http://keys.example.test:${server.port}/`, never).catch(
    (error: Error) => error.message,
  )
  await server.close()
  return { outcome, asked }
}

test('a name that leads to an address which may be asked is read', async () => {
  expect(await readBy(['127.0.0.1'], ['127.0.0.0/8'])).toEqual({ outcome: '{"keys":[]}', asked: 1 })
})

test('a name that leads inside is not asked; of several addresses only those that may be', async () => {
  const refused = await readBy(['127.0.0.1', 'nonsense'], [])
  expect(refused.asked).toBe(0)
  expect(refused.outcome).toContain('no address of keys.example.test may be asked')
  expect((await readBy(['10.0.0.1', '127.0.0.1'], ['127.0.0.0/8'])).asked).toBe(1)
})

test('an endless document is given up', async () => {
  const server = await startHttp((_request, response) => void response.end('x'.repeat(300_000)))
  const read = documentReader(open, () => Promise.reject(new Error('no name is asked')))
  await expect(read(`http://127.0.0.1:${server.port}/`, never)).rejects.toThrow()
  await server.close()
})
