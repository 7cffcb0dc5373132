import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeOctets, encodeOctets } from '../../src/wire/octets.ts'
import { encodeChunk, encodeRequestHead, type RequestHead } from '../../src/wire/request-head.ts'
import { WireError } from '../../src/wire/wire-error.ts'

const head: RequestHead = {
  method: 'GET',
  target: '/a?b=c',
  fields: ['Host', 'web.example.test', 'X-A', 'caf\xe9'],
  framing: { kind: 'none' },
  upgrade: undefined,
  keepsAlive: false,
}
const written = (change: Partial<RequestHead>) => decodeOctets(encodeRequestHead({ ...head, ...change }))
const host = ['Host', 'a']

describe('a request head', () => {
  it('is written with our framing and connection', () => {
    const start = 'GET /a?b=c HTTP/1.1\r\nHost: web.example.test\r\nX-A: caf\xe9\r\n'
    expect(written({})).toBe(`${start}Connection: close\r\n\r\n`)
    expect(written({ framing: { kind: 'fixed', length: 0 } })).toBe(
      `${start}Content-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    expect(written({ framing: { kind: 'chunked' } })).toBe(
      `${start}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    )
    expect(written({ upgrade: 'websocket' })).toBe(
      `${start}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
  })

  it.each([
    ['a method with a space', { method: 'GET /x' }, 'method-invalid'],
    ['no method', { method: '' }, 'method-invalid'],
    ['CONNECT', { method: 'CONNECT' }, 'method-invalid'],
    ['a target with a space', { target: '/a HTTP/1.1' }, 'target-invalid'],
    ['a target with CRLF', { target: '/a\r\nX: y' }, 'target-invalid'],
    ['a target with LF at its end', { target: '/a\n' }, 'target-invalid'],
    ['a target with NUL', { target: '/a\0' }, 'target-invalid'],
    ['a target outside ASCII', { target: '/\xe9' }, 'target-invalid'],
    ['a target beyond one byte', { target: '/\u010d\u010a' }, 'target-invalid'],
    ['a fragment', { target: '/a#b' }, 'target-invalid'],
    ['a whole URL', { target: 'http://a/' }, 'target-invalid'],
    ['no target', { target: '' }, 'target-invalid'],
    ['* with GET', { target: '*' }, 'target-invalid'],
    ['a name with a space', { fields: [...host, 'X ', 'y'] }, 'field-name-invalid'],
    ['a name with CRLF', { fields: [...host, 'X: y\r\nZ', 'y'] }, 'field-name-invalid'],
    ['a value with CRLF', { fields: [...host, 'X', 'y\r\nZ: z'] }, 'field-value-invalid'],
    [
      'a value that becomes CRLF when cut to bytes',
      { fields: [...host, 'X', '\u010d\u010aZ: z'] },
      'field-value-invalid',
    ],
    ['a value with NUL', { fields: [...host, 'X', '\0'] }, 'field-value-invalid'],
    ['a length in the fields', { fields: [...host, 'content-length', '3'] }, 'field-ours'],
    ['a coding in the fields', { fields: [...host, 'Transfer-encoding', 'chunked'] }, 'field-ours'],
    ['a connection option in the fields', { fields: [...host, 'Connection', 'Host'] }, 'field-ours'],
    ['an upgrade in the fields', { fields: [...host, 'Upgrade', 'h2c'] }, 'field-ours'],
    ['no host', { fields: [] }, 'host-invalid'],
    ['two hosts', { fields: [...host, 'host', 'b'] }, 'host-invalid'],
    ['a broken length', { framing: { kind: 'fixed', length: Number.NaN } }, 'length-invalid'],
    ['a body before an upgrade', { upgrade: 'websocket', framing: { kind: 'chunked' } }, 'upgrade-invalid'],
    ['CRLF in the upgrade', { upgrade: 'a\r\nb' }, 'upgrade-invalid'],
  ] as const)('with %s is not written', (_, change: Partial<RequestHead>, code) => {
    expect(() => written(change)).toThrow(expect.objectContaining({ code }))
  })

  const text = fc.oneof(
    fc.string(),
    fc.string({
      unit: fc.constantFrom('\r', '\n', ' ', ':', '\0', '\t', '\u010a', 'a', '/', 'Content-Length'),
    }),
  )

  it('has no more lines, and no other start, than it was given', () => {
    fc.assert(
      fc.property(text, text, fc.array(fc.tuple(text, text)), (method, target, pairs) => {
        const fields = [...host, ...pairs.flat()]
        let lines: string[]
        try {
          lines = written({ method, target, fields }).split(/\r\n|\r|\n/)
        } catch (error) {
          if (error instanceof WireError) return
          throw error
        }
        expect(lines[0]).toBe(`${method} ${target} HTTP/1.1`)
        expect(lines[0]?.split(' ')).toHaveLength(3)
        expect(lines.slice(1, -3)).toEqual(['Host: a', ...pairs.map(([name, value]) => `${name}: ${value}`)])
        expect(lines.slice(-3)).toEqual(['Connection: close', '', ''])
      }),
    )
  })
})

it('a chunk carries its size, and an empty one is none', () => {
  expect(decodeOctets(encodeChunk(encodeOctets('0123456789abcdef')))).toBe('10\r\n0123456789abcdef\r\n')
  expect(encodeChunk(new Uint8Array())).toHaveLength(0)
})
