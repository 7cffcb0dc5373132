import { describe, expect, it } from 'vitest'
import { readResponse } from './read.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

describe('a body', () => {
  it.each([
    ['ends by its length', `${OK}Content-Length: 3\r\n\r\nabcdef`, 'fixed', 'abc'],
    ['may be empty', `${OK}Content-Length: 0\r\n\r\nabc`, 'fixed', ''],
    [
      'ends with its last chunk',
      `${CHUNKED}3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\nrest`,
      'chunked',
      'abc0123456789',
    ],
    ['may have extensions', `${CHUNKED}3;a;b=c;d="e\\"; f"\r\nabc\r\n0;x\r\n\r\n`, 'chunked', 'abc'],
    ['ends with the connection otherwise', `${OK}\r\nabc`, 'until-close', 'abc'],
    ['may be chunked in capitals', `${OK}transfer-encoding: Chunked\r\n\r\n0\r\n\r\n`, 'chunked', ''],
  ])('%s', (_, text, framing, body) => {
    expect(readResponse(text)).toMatchObject({ framing, body, error: undefined })
  })

  it.each([
    ['HEAD', 'HEAD', `${OK}Content-Length: 3\r\n\r\n`],
    ['HEAD when chunked', 'HEAD', CHUNKED],
    ['204', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc'],
    ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nabc'],
  ])('is not there after %s, whatever the fields say', (_, method, text) => {
    expect(readResponse(text, { method })).toMatchObject({ framing: 'none', body: '', trailers: [] })
  })

  it('has trailers after its last chunk', () => {
    expect(readResponse(`${CHUNKED}0\r\nX-Sum: 1\r\nx-sum:2\r\n\r\n`).trailers).toEqual([
      'X-Sum',
      '1',
      'x-sum',
      '2',
    ])
  })

  it.each([
    ['both framings', 'Content-Length: 3\r\nTransfer-Encoding: chunked', 'length-conflicting'],
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4', 'length-conflicting'],
    ['one length twice', 'Content-Length: 3\r\ncontent-length: 3', 'length-conflicting'],
    ['a list of lengths', 'Content-Length: 3, 3', 'length-invalid'],
    ['a signed length', 'Content-Length: +3', 'length-invalid'],
    ['a negative length', 'Content-Length: -3', 'length-invalid'],
    ['a hexadecimal length', 'Content-Length: 0x3', 'length-invalid'],
    ['a length with a space', 'Content-Length: 3 3', 'length-invalid'],
    ['a length behind a no-break space', 'Content-Length: \xa03', 'length-invalid'],
    ['no length', 'Content-Length:', 'length-invalid'],
    ['a length beyond what is exact', 'Content-Length: 9007199254740992', 'length-invalid'],
    ['a coding after chunked', 'Transfer-Encoding: chunked, gzip', 'coding-invalid'],
    ['a coding before chunked', 'Transfer-Encoding: gzip, chunked', 'coding-unsupported'],
    ['chunked twice', 'Transfer-Encoding: chunked, chunked', 'coding-invalid'],
    ['chunked in two fields', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'coding-invalid'],
    ['identity', 'Transfer-Encoding: identity', 'coding-invalid'],
    ['an unknown coding', 'Transfer-Encoding: xchunked', 'coding-invalid'],
    ['a quoted coding', 'Transfer-Encoding: "chunked"', 'coding-invalid'],
    ['a vertical tab', 'Transfer-Encoding: \x0bchunked', 'byte-forbidden'],
    ['HTAB after the coding', 'Transfer-Encoding: chunked\t', 'coding-invalid'],
    ['an empty coding', 'Transfer-Encoding:', 'coding-invalid'],
  ])('framed with %s is refused, also where none follows', (_, fields, error) => {
    expect(readResponse(`${OK}${fields}\r\n\r\n0\r\n\r\n`)).toMatchObject({ status: undefined, error })
    expect(readResponse(`${OK}${fields}\r\n\r\n`, { method: 'HEAD' })).toMatchObject({
      status: undefined,
      error,
    })
  })

  it('chunked by HTTP/1.0 is refused', () => {
    expect(readResponse('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n').error).toBe(
      'coding-invalid',
    )
  })

  it.each([
    ['no size', '\r\nabc', 'chunk-invalid'],
    ['a prefix', '0x3\r\nabc\r\n', 'chunk-invalid'],
    ['a sign', '+3\r\nabc\r\n', 'chunk-invalid'],
    ['a space after the size', '3 \r\nabc\r\n', 'chunk-invalid'],
    ['a space before the size', ' 3\r\nabc\r\n', 'chunk-invalid'],
    ['a space before the extension', '3 ;a\r\nabc\r\n', 'chunk-invalid'],
    ['a nameless extension', '3;\r\nabc\r\n', 'chunk-invalid'],
    ['an open quotation', '3;a="b\r\nabc\r\n', 'chunk-invalid'],
    ['a size beyond what is exact', '20000000000000\r\nabc', 'chunk-invalid'],
    ['LF alone after the size', '3\nabc\r\n', 'line-ending-invalid'],
    ['LF alone within an extension', '3;a="\n"\r\nabc\r\n', 'line-ending-invalid'],
    ['LF alone after the data', '3\r\nabc\n', 'line-ending-invalid'],
    ['more data than its size', '3\r\nabcd\r\n0\r\n\r\n', 'chunk-invalid'],
    ['less data than its size', '4\r\nabc\r\n0\r\n\r\n', 'line-ending-invalid'],
    ['too long an extension', `3;${'a'.repeat(1024)}\r\nabc`, 'chunk-too-large'],
    ['too many extensions', `1;${'a'.repeat(1000)}\r\na\r\n`.repeat(17), 'chunk-too-large'],
    ['too many trailers', `0\r\n${'X: y\r\n'.repeat(257)}\r\n`, 'fields-too-many'],
    ['trailers that are too large', `0\r\nX: ${'y'.repeat(8192)}\r\n\r\n`, 'trailers-too-large'],
    ['a length in its trailers', '0\r\ncontent-length: 0\r\n\r\n', 'length-conflicting'],
    ['a coding in its trailers', '0\r\nTransfer-Encoding: chunked\r\n\r\n', 'length-conflicting'],
    ['a folded trailer', '0\r\nX: y\r\n z\r\n\r\n', 'field-folded'],
    ['no last chunk', '3\r\nabc\r\n', 'body-incomplete'],
    ['no end of the trailers', '0\r\nX: y\r\n', 'body-incomplete'],
    ['half a chunk', '3\r\nab', 'body-incomplete'],
  ])('whose chunk has %s is refused', (_, body, error) => {
    expect(readResponse(CHUNKED + body)).toMatchObject({ status: 200, trailers: undefined, error })
  })

  it('shorter than its length is incomplete', () => {
    expect(readResponse(`${OK}Content-Length: 4\r\n\r\nabc`)).toMatchObject({
      body: 'abc',
      trailers: undefined,
      error: 'body-incomplete',
    })
  })
})
