import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PathMatch, Rule } from '../../src/model/records.ts'
import { leadsElsewhere, matchRule } from '../../src/route/match.ts'
import { parseTarget } from '../../src/route/target.ts'

const ruleOf = ([type, value]: readonly [PathMatch['type'], string]): Rule => ({
  path: { type, value },
  action: { type: 'forward', service: `shop/${value}:80` },
  origin: { kind: 'Service', namespace: 'shop', name: value },
})

const RULES = (
  [
    ['exact', '/admin/keys'],
    ['prefix', '/public/admin'],
    ['prefix', '/admin'],
    ['prefix', '/caf%C3%A9'],
    ['prefix', '/a!'],
    ['prefix', '/'],
  ] as const
).map(ruleOf)

/** How a server finds the segments of a path that it gets. None of this is ours. */
type Server = (path: string) => string[]

/** In latin1: one character for one byte. */
const decoded = (text: string): string => {
  let out = ''
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] === '%' ? Number(`0x${text.slice(i + 1, i + 3).padEnd(2, 'z')}`) : Number.NaN
    out += Number.isNaN(byte) ? text[i] : String.fromCharCode(byte)
    if (!Number.isNaN(byte)) i += 2
  }
  return out
}

function walked(segments: readonly string[]): string[] {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  return last === '' || last === '.' || last === '..' ? [...kept, ''] : kept
}

const without = (text: string, ends: RegExp) => text.slice(0, text.search(ends) >>> 0)

const servers: Readonly<Record<string, Server>> = {
  'one that follows RFC 3986': (path) => walked(path.split('/').map(decoded)),
  'one that decodes first, as nginx': (path) => walked(decoded(path).split('/')),
  'one that takes a backslash for a slash': (path) => walked(decoded(path).split(/[/\\]/)),
  'one that drops parameters, then decodes, as Tomcat': (path) =>
    walked(
      decoded(
        path
          .split('/')
          .map((segment) => without(segment, /;/))
          .join('/'),
      ).split('/'),
    ),
  'one that decodes, then drops parameters': (path) =>
    walked(
      decoded(path)
        .split('/')
        .map((segment) => without(segment, /;/)),
    ),
  'one behind another that decodes': (path) => walked(decoded(decoded(path)).split('/')),
  'one that reads what it has decoded as a target': (path) =>
    walked(without(decoded(path), /[?#]/).split('/')),
}

function isWithin(segments: readonly string[], { type, value }: PathMatch): boolean {
  const own = value === '/' ? [] : decoded(value).slice(1).split('/')
  const isBelow = own.every((segment, i) => segments[i] === segment)
  return isBelow && (type === 'prefix' || segments.length === own.length)
}

const piece = fc.oneof(
  fc.constantFrom('/', '/', '//', '.', '..', '%2e', '%2E%2e', 'admin', 'keys', 'public', '%61dmin', 'Admin'),
  fc.constantFrom('%2f', '%2F', '%5c', '\\', ';', ';x=1', '..;', '%3b', '%3f', '%23', '?', '%252e', '%252f'),
  fc.constantFrom(
    '%25',
    '%2561',
    'caf%C3%A9',
    'caf%c3%a9',
    '%21',
    '!',
    'a',
    '%',
    '%20',
    '+',
    '%00',
    '%c0%ae',
  ),
)
const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)

test.each(Object.entries(servers))('%s is asked for nothing of another rule', (_name, server) => {
  fc.assert(
    fc.property(target, (text) => {
      const path = parseTarget(text, 'GET')?.path
      const rule = path && matchRule(RULES, path)
      if (path === undefined || !rule || leadsElsewhere(RULES, path, rule)) return
      expect(RULES.find((one) => isWithin(server(path.slice(1)), one.path))?.path).toEqual(rule.path)
    }),
    { numRuns: 5000 },
  )
})

test.each([
  '/public%2F..%2Fadmin',
  '/public/..;/admin',
  '/public/..%3B/admin',
  '/x/..%5Cadmin',
  '/x%252F..%252Fadmin',
  '/%2561dmin',
  '/admin%2Fkeys',
  '/admin;x/keys',
  '/admin%3Fkeys',
  '/a%21',
])('%s is nobody’s', (path) => {
  const rule = matchRule(RULES, path)
  expect(rule && leadsElsewhere(RULES, path, rule)).toBe(true)
})

test.each([
  '/files/group%2Fproject',
  '/@scope%2Fpackage',
  '/login;jsessionid=1',
  '/search/100%25',
  '/caf%C3%A9/x%20y',
  '/admin/a%2Fb;c',
  '/x/%3Fadmin',
  '/public%2Fx',
])('%s is what it seems', (path) => {
  const rule = matchRule(RULES, path)
  expect(rule && leadsElsewhere(RULES, path, rule)).toBe(false)
})

test('where a host has one rule for all of it, a server may read its paths as it likes', () => {
  const all = RULES.slice(-1)
  for (const path of ['/..%2F..%2Fetc', '/%252525252e']) {
    const rule = matchRule(all, path)
    expect(rule && leadsElsewhere(all, path, rule)).toBe(false)
  }
})
