import { describe, expect, it } from 'vitest'
import { wireBounds } from '../../src/wire/bounds.ts'
import { readEveryWay, readRequests } from './read-request.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n'
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`

const one = (text: string) => readEveryWay(text).requests[0]

describe('a request', () => {
  it('is read as it was written', () => {
    const text = `POST /a?b=c|"d" HTTP/1.1\r\nX-A:1\r\nx-a: \t a b\xe9\t \r\nEmpty:\r\nContent-Length: 3\r\n\r\nabc`
    expect(one(text)).toMatchObject({
      head: {
        method: 'POST',
        target: '/a?b=c|"d"',
        minorVersion: 1,
        fields: ['X-A', '1', 'x-a', 'a b\xe9', 'Empty', '', 'Content-Length', '3'],
        framing: { kind: 'fixed', length: 3 },
        keepsAlive: true,
      },
      body: 'abc',
    })
  })

  it.each([
    ['absolute', 'GET http://a.test:80/b?c HTTP/1.1', 'http://a.test:80/b?c'],
    ['absolute without a path', 'GET HTTP://[::1] HTTP/1.1', 'HTTP://[::1]'],
    ['asterisk', 'OPTIONS * HTTP/1.1', '*'],
    ['authority', 'CONNECT a.test:443 HTTP/1.1', 'a.test:443'],
    ['origin', 'PROPFIND //a/../b HTTP/1.1', '//a/../b'],
  ])('may have a target in %s form, which is kept', (_, line, target) => {
    expect(one(`${line}\r\nHost: a\r\n\r\n`)?.head.target).toBe(target)
  })

  it('may follow one empty line, and others', () => {
    const { requests } = readEveryWay(`\r\n${GET}\r\n${POST}Content-Length: 1\r\n\r\nx\r\n${GET}\r\n`)
    expect(requests.map(({ head, body }) => [head.method, body])).toEqual([
      ['GET', ''],
      ['POST', 'x'],
      ['GET', ''],
    ])
  })

  it('may be chunked, with extensions and trailers', () => {
    const body = '3;a;b="c\\"; d"\r\nabc\r\n0A\r\n0123456789\r\n000;x\r\nX-Sum: 1\r\n\r\n'
    expect(one(CHUNKED + body)).toMatchObject({ body: 'abc0123456789', trailers: ['X-Sum', '1'] })
  })

  it.each([
    ['HTTP/1.1', 'HTTP/1.1', '', true],
    ['HTTP/1.1 that closes', 'HTTP/1.1', 'Connection: Close\r\n', false],
    ['HTTP/1.1 that closes among others', 'HTTP/1.1', 'Connection: x , close\r\n', false],
    ['HTTP/1.1 that closes after empty members', 'HTTP/1.1', 'Connection: , ,close,\r\n', false],
    ['HTTP/1.1 that closes in a second field', 'HTTP/1.1', 'Connection: x\r\nconnection: close\r\n', false],
    ['HTTP/1.1 with a like name', 'HTTP/1.1', 'Connection: closed\r\n', true],
    ['HTTP/1.0', 'HTTP/1.0', '', false],
    ['HTTP/1.0 that stays', 'HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
    ['HTTP/1.0 that says both', 'HTTP/1.0', 'Connection: keep-alive, close\r\n', false],
  ])('of %s may be followed by another: %s %s', (_, version, fields, keepsAlive) => {
    expect(one(`GET / ${version}\r\n${fields}\r\n`)?.head.keepsAlive).toBe(keepsAlive)
  })

  it.each([
    ['none', 'HTTP/1.1', '', 'none'],
    ['100-continue', 'HTTP/1.1', 'Expect: 100-Continue\r\n', 'continue'],
    ['something else', 'HTTP/1.1', 'Expect: 100-continue, x\r\n', 'unknown'],
    ['what HTTP/1.0 does not know', 'HTTP/1.0', 'Expect: 100-continue\r\n', 'none'],
  ])('may expect %s', (_, version, fields, expectation) => {
    expect(one(`GET / ${version}\r\n${fields}\r\n`)?.head.expectation).toBe(expectation)
  })

  it.each([
    ['with both fields', 'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n', 'websocket'],
    ['never with Upgrade alone', 'Upgrade: websocket\r\n', ''],
    ['never with Connection alone', 'Connection: upgrade\r\n', ''],
  ])('asks for an upgrade %s', (_, fields, upgrade) => {
    expect(one(`${GET}${fields}\r\n`)?.head.upgrade).toBe(upgrade)
  })

  it('may just fill its bounds', () => {
    const room = wireBounds.headBytes - `${GET}X: \r\n\r\n`.length
    expect(readRequests(`${GET}X: ${'y'.repeat(room)}\r\n\r\n`).requests).toHaveLength(1)
    expect(readRequests(`${GET}X: ${'y'.repeat(room + 1)}\r\n\r\n`).error).toBe('head-too-large')
    expect(readRequests(`${GET}${'X: y\r\n'.repeat(wireBounds.fields - 1)}\r\n`).requests).toHaveLength(1)
  })
})
