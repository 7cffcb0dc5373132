import { expect, test } from 'vitest'
import { IdentityBook } from '../../src/gateway/backend-tls/identity-book.ts'
import { provesIdentity, readServiceTls, type ServiceTls } from '../../src/gateway/backend-tls/service-tls.ts'
import type { BackendTls } from '../../src/model/backend-tls.ts'
import type { CredentialRecord } from '../../src/model/credential-records.ts'
import type { ServiceRecord } from '../../src/model/records.ts'

const record: ServiceRecord = {
  namespace: 'shop',
  name: 'web',
  port: 443,
  portName: '',
  protocol: 'https',
  target: { type: 'pod' },
  families: [],
  balance: 'least-request',
  affinity: 'none',
  timeoutMs: 0,
  idleTimeoutMs: 0,
}
const credential: CredentialRecord = { type: 'client-certificate', secret: { form: 'open', text: 'sealed' } }
const mine = { clientCertificate: 'shop/mine' }

function tlsOf(some: Partial<BackendTls>, before?: ServiceTls, pem = 'pem'): ServiceTls {
  const tls = { serverName: 'web.shop.svc', verify: true, ...some }
  const material = { authority: () => ({ certificates: pem }), credential: () => credential }
  const read = readServiceTls({ ...record, tls }, material, before)
  if (read === undefined) throw new Error('the test has no TLS')
  return read
}

function bookOf(open: () => Promise<string>, check: () => void = () => {}) {
  let elapsed = 0
  const troubles: string[] = []
  const book = new IdentityBook({
    open,
    check,
    clock: { elapsed: () => elapsed },
    onTrouble: ({ message, cause }) => troubles.push(`${message}: ${cause}`),
  })
  return { book, troubles, pass: (ms: number) => (elapsed += ms) }
}

const noSecret = () => Promise.reject(new Error('nothing needs to be opened'))

test('without a certificate of ours there is nothing to wait for', () => {
  const { book } = bookOf(noSecret)
  const tls = tlsOf({ authority: 'Secret/shop/ca' })
  expect(book.identityOf(tls)).toMatchObject({ names: ['web.shop.svc'], ca: 'pem', client: undefined })
  expect(book.identityOf(tls)).toBe(book.identityOf(tls))
})

test('a certificate of ours is opened once, for however many wait', async () => {
  let opened = 0
  const { book } = bookOf(async () => {
    opened++
    return '{"chain":"c","key":"k"}'
  })
  const tls = tlsOf(mine)
  expect(book.identityOf(tls)).toBeUndefined()
  await Promise.all([book.open(tls), book.open(tls)])
  await book.open(tls)
  expect(book.identityOf(tls)).toMatchObject({ client: { chain: 'c', key: 'k' } })
  expect(opened).toBe(1)
})

test('what could not be opened is tried again after a while, and told without its content', async () => {
  let text = '{"key":"do not tell"}'
  const { book, troubles, pass } = bookOf(async () => text)
  const tls = tlsOf(mine)
  await book.open(tls)
  expect(book.identityOf(tls)).toBe('unavailable')
  expect(troubles).toEqual([
    'Cannot speak TLS with endpoints as web.shop.svc: Error: Secret shop/mine holds no certificate with its key',
  ])
  text = '{"chain":"c","key":"k"}'
  await book.open(tls)
  expect(book.identityOf(tls)).toBe('unavailable')
  pass(5_000)
  expect(book.identityOf(tls)).toBeUndefined()
  await book.open(tls)
  expect(book.identityOf(tls)).toMatchObject({ client: { chain: 'c' } })
})

test('what the platform cannot use is not had', () => {
  const { book } = bookOf(noSecret, () => {
    throw new Error('no certificate')
  })
  expect(book.identityOf(tlsOf({}))).toBe('unavailable')
})

test('a Service that says the same keeps what was made of it; another authority is another identity', () => {
  const tls = tlsOf({ authority: 'Secret/shop/ca' })
  expect(tlsOf({ authority: 'Secret/shop/ca' }, tls)).toBe(tls)
  expect(tlsOf({ authority: 'Secret/shop/ca' }, tls, 'another').id).not.toBe(tls.id)
  expect(tlsOf({ authority: 'Secret/shop/ca', serverName: 'other.shop.svc' }, tls).id).not.toBe(tls.id)
})

test.each([
  [{ authority: 'Secret/other/ca' }, "another namespace's"],
  [{ authority: 'ConfigMap/shop-2/ca' }, "another namespace's"],
  [{ clientCertificate: 'other/mine' }, "another namespace's"],
  [{ serverName: '' }, 'whom to expect'],
])('a record that names %o is closed, whoever wrote it', (some, says) => {
  const tls = tlsOf(some)
  expect(tls.fault).toContain(says)
  expect(bookOf(noSecret).book.identityOf(tls)).toBe('unavailable')
  expect(provesIdentity(tls)).toBe(false)
})

test('https of an agent that does not say whom to expect is closed, not spoken in the clear', () => {
  const material = { authority: () => undefined, credential: () => undefined }
  expect(readServiceTls(record, material)?.fault).toBe('the record does not say whom to expect')
  expect(readServiceTls({ ...record, protocol: 'http' }, material)).toBeUndefined()
})

test.each([
  [{}, true],
  [{ names: ['a.example.com'] }, true],
  [{ verify: false }, false],
  [{ serverName: 'localhost' }, false],
  [{ serverName: 'web' }, false],
  [{ names: ['a.example.com', 'web.localhost'] }, false],
  [{ serverName: 'host.localdomain' }, false],
])('an endpoint that is known by %o proves whose it is: %s', (some, proves) => {
  expect(provesIdentity(tlsOf(some))).toBe(proves)
})
