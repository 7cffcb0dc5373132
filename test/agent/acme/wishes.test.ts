import { expect, test } from 'vitest'
import { NoAuthority } from '../../../src/agent/acme/no-authority.ts'
import { wishOf } from '../../../src/agent/acme/wishes.ts'
import { Compilation, type ObjectChange } from '../../../src/compile/compilation.ts'
import { collectManifests } from '../../../src/source/collect.ts'
import { parseManifest } from '../../../src/source/parse.ts'
import { compileOptions } from '../../support/compile.ts'

const ACME = { 'postern.dev/acme': 'true', 'postern.dev/tls-secret': 'web-tls' }

interface Given {
  readonly namespace: string
  readonly host: string
  readonly createdAt?: string
  readonly annotations?: object
}

const service = ({ namespace, host, createdAt = '2026-01-01T00:00:00Z', annotations = ACME }: Given) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'web',
    namespace,
    creationTimestamp: createdAt,
    annotations: { 'postern.dev/expose': 'true', 'postern.dev/host': host, ...annotations },
  },
  spec: { ports: [{ port: 80 }] },
})

/** What each Service asks for in the end, by its namespace. */
function asked(...services: Given[]) {
  const yaml = services.map((each) => JSON.stringify(service(each))).join('\n---\n')
  const { objects } = collectManifests([parseManifest(yaml, 'test.yaml')])
  const compilation = new Compilation({ ...compileOptions, hostClaims: 'open' })
  const last = new Map<string, ReturnType<typeof wishOf>>()
  // One by one, so that a host changes hands.
  for (const object of objects.values()) {
    compilation.apply([{ type: 'put', object }])
    for (const exposure of compilation.takeServices()) last.set(exposure.name, wishOf(exposure))
  }
  return last
}

const hostsOf = (wishes: ReturnType<typeof asked>, namespace: string) =>
  wishes.get(`${namespace}/web`)?.wish?.hosts

test("a Service's own hosts are ordered into the Secret that it names", () => {
  const wishes = asked({ namespace: 'shop', host: 'b.example.com, a.example.com' })
  expect(wishes.get('shop/web')).toEqual({
    wish: { secret: { namespace: 'shop', name: 'web-tls' }, hosts: ['a.example.com', 'b.example.com'] },
    problems: [],
  })
})

test('a host of another tenant is never ordered, whoever came first', () => {
  const owner = { namespace: 'shop', host: 'a.example.com' }
  const other = {
    namespace: 'mallory',
    host: 'a.example.com, m.example.com',
    createdAt: '2026-02-01T00:00:00Z',
  }
  for (const services of [
    [owner, other],
    [other, owner],
  ]) {
    const wishes = asked(...services)
    expect(hostsOf(wishes, 'shop')).toEqual(['a.example.com'])
    expect(hostsOf(wishes, 'mallory')).toEqual(['m.example.com'])
  }
})

test('a wildcard is told, and the other hosts are ordered', () => {
  const wishes = asked({ namespace: 'shop', host: '*.shop.example.com, a.example.com' })
  expect(hostsOf(wishes, 'shop')).toEqual(['a.example.com'])
  expect(wishes.get('shop/web')?.problems).toMatchObject([
    { code: 'acme-impossible', host: '*.shop.example.com' },
  ])
})

test.each([{ 'postern.dev/acme': 'true' }, { 'postern.dev/acme': 'true', 'postern.dev/tls-secret': 'a, b' }])(
  'without one Secret nothing is ordered: %j',
  (annotations) => {
    const wishes = asked({ namespace: 'shop', host: 'a.example.com', annotations })
    expect(wishes.get('shop/web')).toMatchObject({ wish: undefined, problems: [{ code: 'acme-impossible' }] })
  },
)

test('who does not ask gets nothing', () => {
  const annotations = { 'postern.dev/tls-secret': 'web-tls' }
  const wishes = asked({ namespace: 'shop', host: 'a.example.com', annotations })
  expect(wishes.get('shop/web')).toEqual({ wish: undefined, problems: [] })
})

test('where nobody orders, who asks is told, once for each change, and again when it asks no more', () => {
  const applied: ObjectChange[] = []
  const nobody = new NoAuthority({
    apply: async (changes) => void applied.push(...changes),
    onTrouble: (error) => expect.unreachable(error.message),
  })
  const compilation = new Compilation({ ...compileOptions, hostClaims: 'open' })
  const put = (annotations: object) => {
    const yaml = JSON.stringify(service({ namespace: 'shop', host: 'a.example.com', annotations }))
    const { objects } = collectManifests([parseManifest(yaml, 'test.yaml')])
    for (const object of objects.values()) compilation.apply([{ type: 'put', object }])
    nobody.update(compilation.takeServices())
  }
  put({})
  expect(applied).toEqual([])
  put(ACME)
  expect(applied).toMatchObject([
    {
      facet: 'acme shop/web',
      problems: [{ code: 'acme-impossible', message: expect.stringContaining('--acme-directory') }],
    },
  ])
  put({})
  expect(applied.slice(1)).toEqual([{ type: 'found', facet: 'acme shop/web', problems: [] }])
})
