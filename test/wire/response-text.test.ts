import { expect, it } from 'vitest'
import { formatResponseHead, formatUpgradeHead, type ResponseToWrite } from '../../src/wire/response-text.ts'

const head: ResponseToWrite = {
  status: 200,
  reason: 'OK',
  fields: ['X-A', 'caf\xe9'],
  framing: { kind: 'chunked' },
  connection: '',
}
const written = (change: Partial<ResponseToWrite>) => formatResponseHead({ ...head, ...change })
const start = 'HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\n'

it('a response head is written with our framing and connection', () => {
  expect(written({})).toBe(`${start}Transfer-Encoding: chunked\r\n\r\n`)
  expect(written({ framing: { kind: 'fixed', length: 3 }, connection: 'close' })).toBe(
    `${start}Content-Length: 3\r\nConnection: close\r\n\r\n`,
  )
  expect(written({ framing: { kind: 'until-close' } })).toBe(`${start}\r\n`)
})

it.each(['3', '003'])('a length among the fields, such as %s, is written once', (length) => {
  const fields = ['X-A', 'caf\xe9', 'content-length', length]
  expect(written({ fields, framing: { kind: 'fixed', length: 3 } })).toBe(`${start}Content-Length: 3\r\n\r\n`)
})

it.each([
  [
    'another length',
    { fields: ['Content-Length', '3'], framing: { kind: 'fixed', length: 4 } },
    'field-ours',
  ],
  [
    'the same length in no digits',
    { fields: ['Content-Length', '+3'], framing: { kind: 'fixed', length: 3 } },
    'field-ours',
  ],
  ['a length and chunks', { fields: ['Content-Length', '3'] }, 'field-ours'],
  ['a coding', { fields: ['Transfer-encoding', 'chunked'] }, 'field-ours'],
  ['a connection option', { fields: ['connection', 'keep-alive'] }, 'field-ours'],
  ['a value with CRLF', { fields: ['X', 'y\r\nZ: z'] }, 'field-value-invalid'],
  [
    'a value that becomes CRLF when cut to bytes',
    { fields: ['X', '\u010d\u010aZ: z'] },
    'field-value-invalid',
  ],
  ['a name with a colon', { fields: ['X: y', 'z'] }, 'field-name-invalid'],
  ['an empty name', { fields: ['', 'z'] }, 'field-name-invalid'],
  ['a reason with CRLF', { reason: 'OK\r\nX: y' }, 'status-line-invalid'],
  ['status 99', { status: 99 }, 'status-line-invalid'],
  ['status 600', { status: 600 }, 'status-line-invalid'],
  ['a broken status', { status: 200.5 }, 'status-line-invalid'],
  ['a broken length', { framing: { kind: 'fixed', length: -1 } }, 'length-invalid'],
] as const)('with %s it is not written', (_, change: Partial<ResponseToWrite>, code) => {
  expect(() => written(change)).toThrow(expect.objectContaining({ code }))
})

it('an upgrade names its protocol', () => {
  expect(formatUpgradeHead('websocket', ['X', 'y'])).toBe(
    'HTTP/1.1 101 Switching Protocols\r\nX: y\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  expect(() => formatUpgradeHead('a\r\nb', [])).toThrow('Cannot write')
})
