import { expect, test } from 'vitest'
import { type Answer, ExternalNames } from '../../src/gateway/external-names.ts'
import { parseCidr } from '../../src/model/address.ts'

const TARGET = { type: 'external', name: 'api.example.com', port: 443 } as const

const cidrs = (texts: readonly string[] = []) => texts.map(parseCidr).filter((cidr) => cidr !== undefined)

interface Reach {
  readonly allowed?: readonly string[]
  readonly denied?: readonly string[]
  /** Addresses of Nodes; the test may add some. */
  readonly nodes?: ReadonlySet<string>
}

/** A name server whose answers the test gives, and a clock that it moves. */
function scripted({ allowed, denied, nodes = new Set() }: Reach = {}) {
  const troubles: string[] = []
  const asked: PromiseWithResolvers<Answer>[] = []
  const state = { now: 0 }
  const names = new ExternalNames({
    clock: { elapsed: () => state.now },
    resolve: () => {
      const question = Promise.withResolvers<Answer>()
      asked.push(question)
      return question.promise
    },
    reach: {
      allowedCidrs: cidrs(allowed),
      deniedCidrs: cidrs(denied),
      isNode: (address) => nodes.has(address),
    },
    onTrouble: (error) => troubles.push(error.message),
  })
  const held = () => names.externalEndpoints(TARGET)?.map(({ key }) => key)
  const answer = async (addresses: readonly string[], ttlSeconds = 60) => {
    const resolved = names.resolve(TARGET.name)
    asked.at(-1)?.resolve({ addresses, ttlSeconds })
    await resolved
  }
  const fail = async () => {
    const resolved = names.resolve(TARGET.name)
    asked.at(-1)?.reject(new Error('SERVFAIL'))
    await resolved
  }
  return { names, held, answer, fail, asked, troubles, state }
}

test('a name is waited for once, then leads to every address of its answer', async () => {
  const { held, answer } = scripted()
  expect(held()).toBeUndefined()
  await answer(['203.1.113.7', '2606:4700::7'])
  expect(held()).toEqual(['203.1.113.7:443', '[2606:4700::7]:443'])
})

test('many who ask at once are one question', () => {
  const { names, asked } = scripted()
  expect(names.resolve(TARGET.name)).toBe(names.resolve(TARGET.name))
  expect(asked).toHaveLength(1)
})

test('after its TTL a name is asked for again, and answers with what is held meanwhile', async () => {
  const { held, answer, asked, state } = scripted()
  await answer(['203.1.113.7'], 30)
  state.now = 29_999
  expect(held()).toEqual(['203.1.113.7:443'])
  expect(asked).toHaveLength(1)
  state.now = 30_000
  expect(held()).toEqual(['203.1.113.7:443'])
  expect(asked).toHaveLength(2)
  await answer(['203.1.113.8'], 30)
  expect(held()).toEqual(['203.1.113.8:443'])
})

test('a TTL of nothing, or of weeks, is bounded', async () => {
  const short = scripted()
  await short.answer(['203.1.113.7'], 0)
  short.state.now = 999
  short.held()
  expect(short.asked).toHaveLength(1)
  const long = scripted()
  await long.answer(['203.1.113.7'], 4_000_000)
  long.state.now = 300_000
  long.held()
  expect(long.asked).toHaveLength(2)
})

test('a name server that is away takes nothing away for five minutes, and then everything', async () => {
  const { held, answer, fail, state, troubles } = scripted()
  await answer(['203.1.113.7'], 10)
  state.now = 20_000
  await fail()
  expect(held()).toEqual(['203.1.113.7:443'])
  expect(troubles).toEqual(['Cannot resolve api.example.com'])
  state.now = 310_000
  expect(held()).toBeUndefined()
  await fail()
  expect(held()).toEqual([])
})

test('a name without an answer is not asked for with each request', async () => {
  const { held, fail, asked, state } = scripted()
  await fail()
  expect(held()).toEqual([])
  state.now = 4_999
  expect(held()).toEqual([])
  expect(asked).toHaveLength(1)
  state.now = 5_000
  expect(held()).toBeUndefined()
})

test.each([
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '198.18.0.1',
  '100.100.100.200',
  '192.0.0.192',
  '::1',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'fd00::1',
  'fd00:ec2::254',
  'fec0::1',
  'ff02::1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  '2001::1',
])('an answer that is not public is dropped, and told: %s', async (address) => {
  const { held, answer, troubles } = scripted()
  await answer([address, '203.1.113.7'])
  expect(held()).toEqual(['203.1.113.7:443'])
  expect(troubles).toEqual([expect.stringContaining(`api.example.com: ${address} is not public`)])
})

test('an operator may allow a private block, but never the gateway itself, its link or metadata', async () => {
  const allowed = ['10.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', 'fd00::/8', '100.64.0.0/10']
  const { held, answer } = scripted({ allowed })
  await answer(['10.1.2.3', '127.0.0.1', '169.254.169.254', 'fd00::1', 'fd00:ec2::254', '100.100.100.200'])
  expect(held()).toEqual(['10.1.2.3:443', '[fd00::1]:443'])
})

test('what is no address is dropped, and told', async () => {
  const { held, answer, troubles } = scripted()
  await answer(['not an address', '203.1.113.7'])
  expect(held()).toEqual(['203.1.113.7:443'])
  expect(troubles).toEqual(['Refused an answer for api.example.com: not an address is no address'])
})

test.each([
  ['203.1.113.9', '203.1.113.0/24'],
  ['::ffff:203.1.113.9', '203.1.113.0/24'],
  ['2606:4700::9', '2606:4700::/32'],
  ['10.1.0.9', '10.1.0.0/16'],
])('%s is not dialled where the operator denies %s, allowed or not', async (address, block) => {
  const { held, answer, troubles } = scripted({ allowed: ['10.0.0.0/8'], denied: [block] })
  await answer([address, '198.41.0.4'])
  expect(held()).toEqual(['198.41.0.4:443'])
  expect(troubles).toEqual([expect.stringMatching(/is in --deny-external-cidrs$/)])
})

test.each(['203.1.113.9', '::ffff:203.1.113.9', '2606:4700:0:0::9', '10.1.0.9'])(
  'a Node is not dialled by a name, allowed or not: %s',
  async (address) => {
    const nodes = new Set(['203.1.113.9', '2606:4700::9', '10.1.0.9'])
    const { held, answer, troubles } = scripted({ allowed: ['10.0.0.0/8'], nodes })
    await answer([address, '198.41.0.4'])
    expect(held()).toEqual(['198.41.0.4:443'])
    expect(troubles).toEqual([expect.stringContaining(`${address} is the address of a Node`)])
  },
)

test('an address that becomes a Node’s is not dialled from then on', async () => {
  const nodes = new Set<string>()
  const { names, held, answer, asked } = scripted({ nodes })
  await answer(['203.1.113.9', '198.41.0.4'])
  expect(held()).toEqual(['203.1.113.9:443', '198.41.0.4:443'])
  nodes.add('203.1.113.9')
  expect(held()).toEqual(['198.41.0.4:443'])
  expect(names.troublesOf(TARGET.name)).toEqual([
    expect.stringContaining('203.1.113.9 is the address of a Node'),
  ])
  expect(asked).toHaveLength(1)
})

test('an operator may allow NAT64, and what it translates to is held to the same', async () => {
  const { held, answer, troubles } = scripted({
    allowed: ['64:ff9b::/96'],
    denied: ['203.1.113.0/24'],
    nodes: new Set(['198.41.0.4']),
  })
  await answer([
    '64:ff9b::8.8.8.8',
    '64:ff9b::10.0.0.1',
    '64:ff9b::169.254.169.254',
    '64:ff9b::203.1.113.7',
    '64:ff9b::198.41.0.4',
  ])
  expect(held()).toEqual(['[64:ff9b::808:808]:443'])
  expect(troubles.map((text) => text.replace(/.*leads to /, ''))).toEqual([
    '10.0.0.1, which is not public (private)',
    '169.254.169.254, which is not public (linkLocal)',
    '203.1.113.7, which is in --deny-external-cidrs',
    '198.41.0.4, which is the address of a Node',
  ])
})
