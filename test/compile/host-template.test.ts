import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultHostOf, ownerOfHost } from '../../src/compile/host-owner.ts'
import { parseHostTemplate } from '../../src/compile/host-template.ts'
import { hostTemplate } from '../support/compile.ts'

const DOMAIN = 'example.test'
const naming = (text: string) => ({ domain: DOMAIN, hostTemplate: hostTemplate(text) })

test.each([
  ['{service}.{namespace}.{domain}', 'web.shop.example.test'],
  ['{service}--{namespace}.{domain}', 'web--shop.example.test'],
  ['{namespace}--{service}.{domain}', 'shop--web.example.test'],
  ['{namespace}.{service}.{domain}', 'shop.web.example.test'],
  ['{service}.{namespace}.eu.{domain}', 'web.shop.eu.example.test'],
  ['app-{service}.NS-{namespace}.{domain}', 'app-web.ns-shop.example.test'],
  [' {service}-svc.{namespace}.{domain} ', 'web-svc.shop.example.test'],
])('%s makes %s', (template, host) => {
  expect(defaultHostOf('web', 'shop', naming(template))).toBe(host)
})

test.each([
  ['{service}.{domain}', ['lacks {namespace}']],
  ['{namespace}.example.com', ['lacks {service}', 'lacks {domain}', 'does not end with .{domain}']],
  ['{domain}.{service}.{namespace}', ['does not end with .{domain}']],
  ['{service}.{service}.{namespace}.{domain}', ['holds {service} more than once']],
  ['{service}.{name}.{namespace}.{domain}', ['{name} is none of']],
  ['{service}_{namespace}/*.{domain}', ['"_/*" cannot stand in a hostname']],
  ['{service.{namespace}.{domain}', ['lacks {service}', 'cannot stand']],
  ['{service}-{namespace}.{domain}', ['does not tell them apart', 'a-b-c', 'use "." or "--"']],
  ['{namespace}-{service}.{domain}', ['does not tell them apart']],
  ['{service}{namespace}.{domain}', ['does not tell them apart']],
  ['{service}---{namespace}.{domain}', ['does not tell them apart']],
  ['{service}-x-{namespace}.{domain}', ['does not tell them apart']],
  ['-{service}.{namespace}.{domain}', ['no hostname']],
  ['{service}..{namespace}.{domain}', ['no hostname']],
  ['', ['lacks {service}', 'lacks {namespace}', 'lacks {domain}', 'does not end with']],
])('the template "%s" is refused, with every fault', (text, faults) => {
  const parsed = parseHostTemplate(text)
  expect(parsed.ok).toBe(false)
  for (const fault of faults) expect(parsed).toMatchObject({ reason: expect.stringContaining(fault) })
})

const literal = fc
  .array(fc.constantFrom('.', '-', '--', 'a', '{', 'É'), { maxLength: 3 })
  .map((parts) => parts.join(''))
const template = fc
  .tuple(literal, fc.boolean(), literal, literal)
  .map(([before, isTurned, between, after]) =>
    isTurned
      ? `${before}{namespace}${between}{service}${after}.{domain}`
      : `${before}{service}${between}{namespace}${after}.{domain}`,
  )

test('any text is a template that tells namespaces apart, or is refused with a reason', () => {
  fc.assert(
    fc.property(fc.oneof(template, fc.string()), (text) => {
      const parsed = parseHostTemplate(text)
      if (parsed.ok) {
        const host = (service: string, namespace: string) =>
          defaultHostOf(service, namespace, { domain: DOMAIN, hostTemplate: parsed.value })
        expect(host('a', 'b-c')).toBeDefined()
        expect(host('a', 'b-c')).not.toBe(host('a-b', 'c'))
      } else {
        expect(parsed.reason).not.toBe('')
      }
    }),
    { numRuns: 2000 },
  )
})

const TEMPLATES = [
  '{service}.{namespace}.{domain}',
  '{service}--{namespace}.{domain}',
  '{namespace}--{service}.{domain}',
  '{namespace}.{service}.{domain}',
  '{service}.{namespace}.eu.{domain}',
  '{service}.x-{namespace}.{domain}',
] as const

// Names that are meant to be mistaken: the separators, each other, and the literals of the templates.
const name = fc
  .array(fc.constantFrom('a', 'b', '-', '--', 'eu', 'x-'), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''))
  .filter((text) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text))

test.each(TEMPLATES)('%s: no two Services have one default hostname', (template) => {
  fc.assert(
    fc.property(name, name, name, name, (service, namespace, otherService, otherNamespace) => {
      const host = defaultHostOf(service, namespace, naming(template))
      const other = defaultHostOf(otherService, otherNamespace, naming(template))
      if (host === undefined || host !== other) return
      expect([otherService, otherNamespace]).toEqual([service, namespace])
    }),
    { numRuns: 2000 },
  )
})

test.each(TEMPLATES)('%s: whoever may claim a name, it is nobody else’s default or below it', (template) => {
  fc.assert(
    fc.property(name, name, fc.constantFrom('', 'x.', '*.', '*.x.'), (service, namespace, prefix) => {
      const host = defaultHostOf(service, namespace, naming(template))
      if (host === undefined) return
      const owner = ownerOfHost(prefix + host, naming(template))
      expect(owner).toEqual({ type: 'namespace', name: namespace })
    }),
    { numRuns: 2000 },
  )
})

test.each(TEMPLATES)('%s: a wildcard over a default hostname is its namespace’s, or nobody’s', (template) => {
  fc.assert(
    fc.property(name, name, fc.nat(4), (service, namespace, depth) => {
      const host = defaultHostOf(service, namespace, naming(template))
      if (host === undefined) return
      const parent = host.split('.').slice(Math.min(depth + 1, host.split('.').length - 1))
      const owner = ownerOfHost(`*.${parent.join('.')}`, naming(template))
      expect([{ type: 'namespace', name: namespace }, { type: 'nobody' }]).toContainEqual(owner)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['top.example.test', { type: 'anyone' }],
  ['example.test', { type: 'anyone' }],
  ['shop.example.com', { type: 'anyone' }],
  ['badexample.test', { type: 'anyone' }],
  ['a.shop.example.test', { type: 'namespace', name: 'shop' }],
  ['a.b.shop.example.test', { type: 'namespace', name: 'shop' }],
  ['*.shop.example.test', { type: 'namespace', name: 'shop' }],
  ['*.example.test', { type: 'nobody' }],
  ['*.test', { type: 'nobody' }],
])('by default %s is owned by %j', (host, owner) => {
  expect(ownerOfHost(host, naming('{service}.{namespace}.{domain}'))).toEqual(owner)
})

test.each([
  // The namespace a--b has a name that looks like Service a of namespace b: those are b's.
  ['*.a--b.example.test', { type: 'namespace', name: 'b' }],
  ['web--a--b.example.test', { type: 'namespace', name: 'a--b' }],
  ['*.shop.example.test', { type: 'namespace', name: 'shop' }],
  ['plain.example.test', { type: 'anyone' }],
])('with -- between, %s is owned by %j', (host, owner) => {
  expect(ownerOfHost(host, naming('{service}--{namespace}.{domain}'))).toEqual(owner)
})

test.each([
  ['*.web.example.test', { type: 'nobody' }],
  ['x.shop.web.example.test', { type: 'namespace', name: 'shop' }],
])('with the namespace in front, %s is owned by %j', (host, owner) => {
  expect(ownerOfHost(host, naming('{namespace}.{service}.{domain}'))).toEqual(owner)
})

test('a Service whose own name holds the separator has no default hostname', () => {
  expect(defaultHostOf('a--b', 'c', naming('{service}--{namespace}.{domain}'))).toBeUndefined()
  expect(defaultHostOf('a', 'b--c', naming('{service}--{namespace}.{domain}'))).toBe('a--b--c.example.test')
})

test('a name that grows too long has no default hostname', () => {
  const long = 'a'.repeat(40)
  expect(defaultHostOf(long, long, naming('{service}--{namespace}.{domain}'))).toBeUndefined()
  expect(defaultHostOf(long, long, naming('{service}.{namespace}.{domain}'))).toBe(
    `${long}.${long}.example.test`,
  )
})
