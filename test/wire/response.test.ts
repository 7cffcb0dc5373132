import { describe, expect, it } from 'vitest'
import { readResponse } from './read.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

describe('a head', () => {
  it('is read as it was written', () => {
    const read = readResponse(
      `HTTP/1.1 404 Not \xfcber\tFound\r\nX-A:1\r\nx-a: \t a b\xe9\t \r\nEmpty:\r\n\r\n`,
    )
    expect(read).toMatchObject({
      status: 404,
      reason: 'Not \xfcber\tFound',
      fields: ['X-A', '1', 'x-a', 'a b\xe9', 'Empty', ''],
    })
  })

  it.each([
    ['no reason', 'HTTP/1.1 200 \r\n\r\n', ''],
    ['neither reason nor space', 'HTTP/1.1 200\r\n\r\n', ''],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n', 'OK'],
  ])('may have %s', (_, text, reason) => {
    expect(readResponse(text)).toMatchObject({ status: 200, reason, error: undefined })
  })

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'status-line-invalid'],
    ['an empty line first', `\r\n${OK}\r\n`, 'status-line-invalid'],
    ['a lower-case protocol', 'http/1.1 200 OK\r\n\r\n', 'status-line-invalid'],
    ['a status in another notation', 'HTTP/1.1 2e2 OK\r\n\r\n', 'status-line-invalid'],
    ['two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'status-line-invalid'],
    ['four digits', 'HTTP/1.1 2000 OK\r\n\r\n', 'status-line-invalid'],
    ['status 600', 'HTTP/1.1 600 OK\r\n\r\n', 'status-line-invalid'],
    ['status 099', 'HTTP/1.1 099 OK\r\n\r\n', 'status-line-invalid'],
    ['two spaces', 'HTTP/1.1  200 OK\r\n\r\n', 'status-line-invalid'],
    ['an interim status of HTTP/1.0', 'HTTP/1.0 103 Early\r\n\r\n', 'status-line-invalid'],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n', 'version-unsupported'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n', 'version-unsupported'],
    ['LF alone', 'HTTP/1.1 200 OK\nX: y\n\n', 'line-ending-invalid'],
    ['LF alone in a value', `${OK}X: a\nContent-Length: 3\r\n\r\n`, 'line-ending-invalid'],
    ['CR alone in a value', `${OK}X: a\rContent-Length: 3\r\n\r\n`, 'line-ending-invalid'],
    ['two CRs', `${OK}X: a\r\r\n\r\n`, 'line-ending-invalid'],
    ['NUL', `${OK}X: a\0b\r\n\r\n`, 'byte-forbidden'],
    ['a control byte', `${OK}X: a\x01b\r\n\r\n`, 'byte-forbidden'],
    ['DEL', `${OK}X: a\x7fb\r\n\r\n`, 'byte-forbidden'],
    ['a fold', `${OK}X: a\r\n b\r\n\r\n`, 'field-folded'],
    ['a fold before any field', `${OK}\tX: a\r\n\r\n`, 'field-folded'],
    ['space before the colon', `${OK}Content-Length : 3\r\n\r\nabc`, 'field-name-invalid'],
    ['HTAB before the colon', `${OK}Content-Length\t: 3\r\n\r\nabc`, 'field-name-invalid'],
    ['no name', `${OK}: x\r\n\r\n`, 'field-name-invalid'],
    ['no colon', `${OK}X\r\n\r\n`, 'field-name-invalid'],
    ['a name outside ASCII', `${OK}X\xe9: x\r\n\r\n`, 'field-name-invalid'],
    ['a name in parentheses', `${OK}X(a): x\r\n\r\n`, 'field-name-invalid'],
    ['too many bytes', `${OK}X: ${'y'.repeat(16_384)}\r\n\r\n`, 'head-too-large'],
    ['too many fields', `${OK}${'X: y\r\n'.repeat(257)}\r\n`, 'fields-too-many'],
    ['no end', `${OK}X: y\r\n`, 'head-incomplete'],
    ['nothing at all', '', 'head-incomplete'],
  ])('with %s is refused', (_, text, error) => {
    expect(readResponse(text)).toMatchObject({ status: undefined, body: '', error })
  })

  it('may just fill its bounds', () => {
    const room = 16_384 - `${OK}X: \r\n\r\n`.length
    expect(readResponse(`${OK}X: ${'y'.repeat(room)}\r\n\r\n`).status).toBe(200)
    expect(readResponse(`${OK}X: ${'y'.repeat(room + 1)}\r\n\r\n`).error).toBe('head-too-large')
    expect(readResponse(`${OK}${'X: y\r\n'.repeat(256)}\r\n`).status).toBe(200)
  })
})

describe('interim responses', () => {
  it('come before the final one', () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n`
    expect(readResponse(`${text}${OK}Content-Length: 1\r\n\r\na`)).toMatchObject({
      interims: [
        [100, []],
        [103, ['Link', '</a>']],
        [102, []],
      ],
      status: 200,
      body: 'a',
    })
  })

  it('are few', () => {
    const interims = (count: number) => `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(count)}${OK}\r\n`
    expect(readResponse(interims(16)).status).toBe(200)
    expect(readResponse(interims(17))).toMatchObject({ status: undefined, error: 'interim-too-many' })
  })

  it('do not close the connection', () => {
    expect(readResponse(`HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n${OK}\r\n`)).toMatchObject({
      status: undefined,
      error: 'interim-invalid',
    })
  })

  it('with an ambiguous framing are refused like any other', () => {
    const fields = 'Content-Length: 3\r\nTransfer-Encoding: chunked'
    expect(readResponse(`HTTP/1.1 103 Early\r\n${fields}\r\n\r\n${OK}\r\n`).error).toBe('length-conflicting')
  })
})

describe('an upgrade', () => {
  const fields = 'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n'
  const asked = { upgrade: 'websocket' }

  it('keeps the first bytes of the new protocol', () => {
    expect(readResponse(`HTTP/1.1 101 Switching\r\n${fields}\x81\x02hi`, asked)).toMatchObject({
      status: 101,
      upgraded: '\x81\x02hi',
      error: undefined,
    })
  })

  it('that is declined is a response like any other', () => {
    expect(readResponse(`${OK}Content-Length: 1\r\n\r\na`, asked)).toMatchObject({ status: 200, body: 'a' })
  })

  it.each([
    ['was not asked for', `101 Switching\r\n${fields}`, {}, 'upgrade-unasked'],
    [
      'changes to something else',
      '101 S\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
      asked,
      'upgrade-invalid',
    ],
    ['does not say to what', '101 S\r\nConnection: upgrade\r\n\r\n', asked, 'upgrade-invalid'],
    ['has no Connection option', '101 S\r\nUpgrade: websocket\r\n\r\n', asked, 'upgrade-invalid'],
  ])('that %s is refused', (_, text, options, error) => {
    expect(readResponse(`HTTP/1.1 ${text}`, options)).toMatchObject({ status: undefined, error })
  })
})
