import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AccessLogEntry, formatAccessLog } from '../../src/telemetry/access-log.ts'
import { formatIsoTime } from '../../src/telemetry/iso-time.ts'

const entry: AccessLogEntry = {
  time: '2026-01-01T00:00:00.000Z',
  requestId: 'r',
  traceId: 't',
  client: 'c',
  peer: 'p',
  method: 'GET',
  scheme: 'http',
  host: 'h',
  path: '/a\nb',
  protocol: 'HTTP/1.1',
  tls: undefined,
  cipher: undefined,
  status: 404,
  error: 'host-unknown',
  durationMs: 1,
  bytesReceived: 0,
  bytesSent: 0,
  route: undefined,
  cluster: undefined,
  networkPolicy: undefined,
  service: undefined,
  endpoint: undefined,
  pod: undefined,
  attempts: 0,
  userAgent: undefined,
}

it('writes one line whatever the path holds, without undefined members', () => {
  const line = formatAccessLog(entry)
  expect(line).not.toContain('\n')
  expect(JSON.parse(line)).toMatchObject({ path: '/a\nb', error: 'host-unknown' })
  expect(Object.keys(JSON.parse(line))).not.toContain('pod')
})

it('formats times as Date does', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      expect(formatIsoTime(date.getTime())).toBe(date.toISOString())
    }),
  )
  for (const day of ['2000-02-29', '2100-02-28', '2100-03-01', '2024-12-31']) {
    expect(formatIsoTime(Date.parse(day))).toBe(`${day}T00:00:00.000Z`)
  }
})

it('writes what JSON.stringify would, and nothing beyond ASCII', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('/plain', 'with"quote', 'back\\slash', 'tab\t', '\ud800'),
  )
  const maybe = fc.option(text, { nil: undefined })
  const texts = fc.record({
    path: text,
    host: text,
    method: text,
    requestId: text,
    userAgent: maybe,
    pod: maybe,
  })
  const more = fc.record({
    service: maybe,
    route: maybe,
    tls: maybe,
    durationMs: fc.nat().map((micros) => micros / 1000),
  })
  fc.assert(
    fc.property(texts, more, (some, others) => {
      const line = { ...entry, ...some, ...others }
      const text = formatAccessLog(line)
      expect(text).toMatch(/^[ -~]*$/)
      // Lone halves of a pair are escaped by both.
      expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(line))
    }),
  )
  for (const path of ['/plain', '/a"b']) {
    expect(JSON.parse(formatAccessLog({ ...entry, path }))).toEqual({ ...entry, path })
  }
})
