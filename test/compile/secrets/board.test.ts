import { expect, test } from 'vitest'
import { Compilation, type ObjectChange, type RecordChange } from '../../../src/compile/compilation.ts'
import type { Problem } from '../../../src/model/problem.ts'
import { compileOptions } from '../../support/compile.ts'
import { goldenSecret, objectOf, secretOf } from '../../support/pairs.ts'

const SECRET = 'Secret/shop/shop-example-com'

function service(name: string, secrets?: string, host = 'shop.example.com'): ObjectChange {
  const annotations = { 'postern.dev/expose': 'true', 'postern.dev/host': host }
  const object = objectOf({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: 'shop',
      name,
      annotations: { ...annotations, ...(secrets !== undefined && { 'postern.dev/tls-secret': secrets }) },
    },
    spec: { ports: [{ port: 80 }] },
  })
  return { type: 'put', object }
}

const put = (name: string): ObjectChange => ({ type: 'put', object: goldenSecret(name) })
const gone = (key: string): ObjectChange => ({ type: 'delete', key })

/** Records that changed, but for problems: `kind key`, with a minus for those that are gone. */
function told(changes: readonly RecordChange[]): string[] {
  return changes
    .filter(({ kind }) => kind !== 'problem')
    .map(({ kind, key, value }) => `${value === null ? '-' : ''}${kind} ${key}`)
}

/** What is wrong with Secrets of a Service. */
function faults(changes: readonly RecordChange[], name: string): Problem<string>[] | undefined {
  const change = changes.find(({ kind, key }) => kind === 'problem' && key === `Service/shop/${name}`)
  if (change?.kind !== 'problem') return undefined
  return (change.value ?? []).filter(({ code }) => /^(secret|certificate)-/.test(code))
}

const codes = (changes: readonly RecordChange[], name = 'web'): string[] | undefined =>
  faults(changes, name)?.map(({ code }) => code)

test('a Secret that nobody names is no record, and its change compiles nothing', () => {
  const compilation = new Compilation(compileOptions)
  compilation.apply([service('web')])
  expect(compilation.apply([put('shop-example-com')])).toEqual([])
  expect(compilation.apply([gone(SECRET)])).toEqual([])
})

test('it is a record from the first Service that names it to the last', () => {
  const compilation = new Compilation(compileOptions)
  compilation.apply([put('shop-example-com')])
  const first = told(compilation.apply([service('web', 'shop-example-com')]))
  expect(first).toContain('certificate shop/shop-example-com')
  const second = told(compilation.apply([service('api', 'shop-example-com', 'api.shop.example.com')]))
  expect(second).not.toContain('certificate shop/shop-example-com')
  expect(told(compilation.apply([gone('Service/shop/web')]))).not.toContain(
    '-certificate shop/shop-example-com',
  )
  expect(told(compilation.apply([service('api')]))).toContain('-certificate shop/shop-example-com')
})

test('a changed Secret compiles its record alone; one that changed in nothing that is used, nothing', () => {
  const compilation = new Compilation(compileOptions)
  compilation.apply([put('shop-example-com'), service('web', 'shop-example-com'), service('other')])
  const { data, ...secret } = goldenSecret('shop-example-com')
  const more: ObjectChange = { type: 'put', object: { ...secret, data: { ...data, 'ca.crt': '' } } }
  expect(told(compilation.apply([more]))).toEqual([])
  const other: ObjectChange = { type: 'put', object: { ...secret, data: goldenSecret('other').data } }
  expect(told(compilation.apply([other]))).toEqual(['certificate shop/shop-example-com'])
})

test('a Secret that goes, or can no longer be read, takes its record along and is told', () => {
  const compilation = new Compilation(compileOptions)
  compilation.apply([put('shop-example-com'), service('web', 'shop-example-com')])
  const bad = secretOf({ 'tls.crt': 'x', 'tls.key': 'y' }, 'kubernetes.io/tls')
  const meta = { ...bad.meta, name: 'shop-example-com' }
  const broken = compilation.apply([{ type: 'put', object: { ...bad, meta } }])
  expect(told(broken)).toEqual(['-certificate shop/shop-example-com'])
  expect(codes(broken)).toEqual(['certificate-invalid'])
  expect(codes(compilation.apply([gone(SECRET)]))).toEqual(['secret-missing'])
  expect(told(compilation.apply([put('shop-example-com')]))).toEqual(['certificate shop/shop-example-com'])
})

test('one that nobody could read yet is no problem; one that may not be read is one of its Services alone', () => {
  const compilation = new Compilation(compileOptions)
  const withhold = (reason: 'unread' | 'forbidden' | undefined): ObjectChange => ({
    type: 'withheld',
    key: SECRET,
    reason,
  })
  const first = compilation.apply([service('web', 'shop-example-com'), service('other'), withhold('unread')])
  expect(codes(first)).toEqual([])
  const refused = compilation.apply([withhold('forbidden')])
  expect(codes(refused)).toEqual(['secret-forbidden'])
  expect(faults(refused, 'web')?.[0]?.hint).toContain('postern roles --namespace shop')
  expect(refused).toHaveLength(1)
  expect(codes(compilation.apply([withhold(undefined)]))).toEqual(['secret-missing'])
  expect(codes(compilation.apply([put('shop-example-com')]))).toEqual([])
  // The right was taken away: what was read stays.
  const again = compilation.apply([withhold('forbidden')])
  expect([codes(again), told(again)]).toEqual([['secret-forbidden'], []])
})

test('certificates are judged by the time that is told, and by no clock', () => {
  const compilation = new Compilation(compileOptions)
  const at = (text: string): ObjectChange => ({ type: 'time', at: Date.parse(text) })
  expect(codes(compilation.apply([put('shop-example-com'), service('web', 'shop-example-com')]))).toEqual([])
  const messages = ['2019-12-31', '2021-01-01', '2119-12-26', '2119-12-31T12:00:00Z', '2120-01-01'].map(
    (text) => {
      const changes = compilation.apply([at(text)])
      expect(told(changes)).toEqual([])
      return faults(changes, 'web')?.map(({ severity, message }) => `${severity}: ${message}`) ?? []
    },
  )
  const subject = 'The certificate of Secret shop-example-com'
  expect(messages).toEqual([
    [`error: ${subject} is not valid yet`],
    [],
    [`warning: ${subject} expires within 6 days`],
    [`warning: ${subject} expires within a day`],
    [`error: ${subject} has expired`],
  ])
})

test('one that is not there is an error in a cluster, and a warning of manifests that never were in one', () => {
  const change = service('web', 'shop-example-com')
  if (change.type !== 'put' || change.object.kind !== 'Service') throw new Error('That was no Service')
  const { object } = change
  const severities = ['', 'u'].map((uid) => {
    const put: ObjectChange = { type: 'put', object: { ...object, meta: { ...object.meta, uid } } }
    return faults(new Compilation(compileOptions).apply([put]), 'web')?.map(({ severity }) => severity)
  })
  expect(severities).toEqual([['warning'], ['error']])
})
