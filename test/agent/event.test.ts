import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventName, eventOf, noteOf, readSeries, reasonOf } from '../../src/agent/events/event.ts'
import { TokenBucket } from '../../src/agent/events/token-bucket.ts'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'
import { type Problem, problemCodes } from '../../src/model/problem.ts'

const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function object(kind: string, name: string, apiVersion = 'v1'): KubeObject {
  const spec = kind === 'Service' ? { ports: [{ port: 80 }] } : {}
  const parsed = parseObject({ apiVersion, kind, metadata: { name, uid: 'u-1', namespace: 'shop' }, spec })
  if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
  return parsed.object
}

function problem(message: string, severity: Problem['severity'] = 'error'): Problem {
  const facts = { kind: 'Service', namespace: 'shop', name: 'web', field: 'spec', hint: 'Mend it.' }
  return { code: 'port-unknown', severity, message, ...facts }
}

test('a note never exceeds 1024 bytes, and cuts no character in two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 2000 }), (message) => {
      const note = noteOf([problem(message)])
      expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024)
      if (!message.includes('\ufffd')) expect(note).not.toContain('\ufffd')
    }),
  )
  expect(noteOf([problem('😀'.repeat(600))])).toMatch(/^spec: (😀)+…$/u)
  expect(noteOf([problem('one'), problem('two')])).toBe('spec: one (and 1 more of the kind). Mend it.')
})

test('a name is one that the API takes, the same for an object and a code, another for each of both', () => {
  const names = [object('Service', 'a'.repeat(63)), object('Node', `${'a'.repeat(199)}.${'b'.repeat(50)}`)]
  for (const each of names)
    for (const code of problemCodes) expect(eventName(each, code)).toMatch(DNS_SUBDOMAIN)
  const [web, api] = [object('Service', 'web'), object('Service', 'api')]
  expect(eventName(web, 'port-unknown')).toBe(eventName(object('Service', 'web'), 'port-unknown'))
  expect(eventName(web, 'port-unknown')).not.toBe(eventName(web, 'port-ambiguous'))
  expect(eventName(web, 'port-unknown')).not.toBe(eventName(api, 'port-unknown'))
})

test('an Event regards its object, and has a series from the second time', () => {
  const subject = {
    object: object('Service', 'web'),
    code: 'port-unknown',
    problems: [problem('x')],
  } as const
  const first = eventOf(subject, 'agent-1', { count: 1, lastAt: 0 })
  expect(first).toMatchObject({
    reason: 'PortUnknown',
    type: 'Warning',
    eventTime: '1970-01-01T00:00:00.000000Z',
    regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web', uid: 'u-1' },
  })
  expect(first).not.toHaveProperty('series')
  expect(readSeries(first)).toEqual({ count: 1, lastAt: 0 })
  expect(readSeries(eventOf(subject, 'agent-1', { count: 2, lastAt: 1500 }))).toEqual({
    count: 2,
    lastAt: 1500,
  })
  expect(readSeries({ eventTime: 'never' })).toBeUndefined()
})

test('an Event on an object of the whole cluster is in namespace default; what is worth knowing is normal', () => {
  const subject = {
    object: object('Namespace', 'shop'),
    code: 'namespace-unguarded',
    problems: [problem('x', 'info')],
  } as const
  const event = eventOf(subject, 'agent-1', { count: 1, lastAt: 0 })
  expect(event).toMatchObject({ type: 'Normal', metadata: { namespace: 'default' } })
  expect(event).not.toHaveProperty('regarding.namespace')
})

test('every reason is a word in UpperCamelCase', () => {
  for (const code of problemCodes) expect(reasonOf(code)).toMatch(/^([A-Z][a-z]+)+$/)
})

test('a bucket lets no more through than its burst and its rate, and says when the next may go', () => {
  const options = { burst: 3, perMinute: 6 }
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30_000 }), { maxLength: 50 }), (steps) => {
      const bucket = new TokenBucket(options, 0)
      let now = 0
      let passed = 0
      for (const step of steps) {
        now += step
        const waitMs = bucket.take(now)
        if (waitMs === 0) passed++
        else {
          now += waitMs
          expect(bucket.take(now)).toBe(0)
          passed++
        }
        expect(passed).toBeLessThanOrEqual(3 + now / 10_000 + 1e-6)
      }
    }),
    // Counted in fractions of a token, 0.9999… of one was there when it was due.
    { examples: [[[0, 14, 0, 6]]] },
  )
})
