import { exportJWK, generateKeyPair } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { KeySets } from '../../../src/gateway/tokens/key-sets.ts'
import { ManualTime } from '../../support/manual-time.ts'

const ISSUER = { issuer: 'https://a.example.test', jwksUrl: 'https://a.example.test/keys' }
let first = ''
let second = ''

beforeAll(async () => {
  const { publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(publicKey)
  first = JSON.stringify({ keys: [{ ...jwk, kid: 'first' }] })
  second = JSON.stringify({ keys: [{ ...jwk, kid: 'second' }] })
})

/** Documents that the test hands out. */
function scripted(sharesReads = true) {
  const time = new ManualTime()
  const asked: (PromiseWithResolvers<string> & { readonly url: string })[] = []
  const troubles: string[] = []
  const keys = new KeySets({
    ...time,
    sharesReads,
    read: (url, signal) => {
      const reading = { url, ...Promise.withResolvers<string>() }
      signal.addEventListener('abort', () => reading.reject(signal.reason))
      asked.push(reading)
      return reading.promise
    },
    onTrouble: ({ message }) => troubles.push(message),
  })
  const wanted = async (kid: string) => {
    const header = { alg: 'ES256', kid }
    return (await keys.keysOf(ISSUER, header))?.knows(header)
  }
  return { time, asked, troubles, keys, wanted }
}

test('many who need keys wait for one reading', async () => {
  const { asked, wanted } = scripted()
  const all = Promise.all([wanted('first'), wanted('first'), wanted('first')])
  asked[0]?.resolve(first)
  expect(await all).toEqual([true, true, true])
  expect(asked).toHaveLength(1)
})

test('where none may wait for another each reads for itself, but not all at once', async () => {
  const { asked, wanted } = scripted(false)
  const all = Promise.all(Array.from({ length: 6 }, () => wanted('first')))
  expect(asked).toHaveLength(4)
  for (const reading of asked) reading.resolve(first)
  expect(await all).toEqual([true, true, true, true, undefined, undefined])
})

test('an old answer that comes late replaces no newer one', async () => {
  const { asked, wanted } = scripted(false)
  const [slow, quick] = [wanted('second'), wanted('second')]
  asked[1]?.resolve(second)
  expect(await quick).toBe(true)
  asked[0]?.resolve(first)
  expect(await slow).toBe(true)
})

test('a key that is not there is looked for once in ten seconds, whoever asks', async () => {
  const { time, asked, wanted } = scripted()
  const loading = wanted('first')
  asked[0]?.resolve(first)
  await loading
  expect(await wanted('second')).toBe(false)
  time.pass(9_999)
  expect(await wanted('second')).toBe(false)
  expect(asked).toHaveLength(1)
  time.pass(1)
  const found = wanted('second')
  asked[1]?.resolve(second)
  expect(await found).toBe(true)
  expect(await wanted('third')).toBe(false)
  expect(asked).toHaveLength(2)
})

test('keys outlive their server for an hour, and are gone then', async () => {
  const { time, asked, troubles, wanted } = scripted()
  const loading = wanted('first')
  asked[0]?.resolve(first)
  await loading
  time.pass(300_000)
  const stale = wanted('first')
  asked[1]?.reject(new Error('ECONNREFUSED'))
  expect(await stale).toBe(true)
  expect(troubles).toEqual([
    'Cannot read the keys of issuer https://a.example.test at https://a.example.test/keys',
  ])
  time.pass(3_300_000)
  const gone = wanted('first')
  asked[2]?.reject(new Error('ECONNREFUSED'))
  expect(await gone).toBeUndefined()
})

test('who has the keys that are needed does not wait for newer ones', async () => {
  const { time, asked, wanted } = scripted()
  const loading = wanted('first')
  asked[0]?.resolve(first)
  await loading
  time.pass(300_000)
  const refreshing = wanted('first')
  expect(await wanted('first')).toBe(true)
  asked[1]?.resolve(second)
  expect(await refreshing).toBe(false)
})

test('a server that is away is not asked with every token', async () => {
  const { time, asked, wanted } = scripted()
  const failing = wanted('first')
  asked[0]?.reject(new Error('ECONNREFUSED'))
  expect(await failing).toBeUndefined()
  expect(await wanted('first')).toBeUndefined()
  expect(asked).toHaveLength(1)
  time.pass(5_000)
  const again = wanted('first')
  asked[1]?.resolve(first)
  expect(await again).toBe(true)
})

test('a server that hangs is given up', async () => {
  const { time, troubles, wanted } = scripted()
  const hanging = wanted('first')
  time.pass(3_000)
  expect(await hanging).toBeUndefined()
  expect(troubles).toHaveLength(1)
})

test.each(['', 'null', '{}', '{"keys":{}}', '<html>'])('"%s" is no key set', async (text) => {
  const { asked, troubles, wanted } = scripted()
  const loading = wanted('first')
  asked[0]?.resolve(text)
  expect(await loading).toBeUndefined()
  expect(troubles).toHaveLength(1)
})

test('without a URL the keys are found by discovery, of that very issuer', async () => {
  const discovered = async (issuer: string) => {
    const { keys, asked } = scripted()
    const header = { alg: 'ES256', kid: 'first' }
    const loading = keys.keysOf({ issuer: 'https://a.example.test/' }, header)
    asked[0]?.resolve(JSON.stringify({ issuer, jwks_uri: 'https://keys.example.test/' }))
    await asked[0]?.promise
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    asked[1]?.resolve(first)
    return { isFound: (await loading)?.knows(header), urls: asked.map(({ url }) => url) }
  }
  const where = 'https://a.example.test/.well-known/openid-configuration'
  expect(await discovered('https://a.example.test/')).toEqual({
    isFound: true,
    urls: [where, 'https://keys.example.test/'],
  })
  expect(await discovered('https://a.example.test')).toEqual({ isFound: undefined, urls: [where] })
})
