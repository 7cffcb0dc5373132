import { gzipSync } from 'node:zlib'
import { systemTimers } from '../../src/model/clock.node.ts'
import { HttpRegistry } from '../../src/registry/http/http-registry.ts'
import { encodeHeadField, recordLine } from '../../src/registry/http/wire.ts'
import { RegistryError, type StoredRecord } from '../../src/registry/port.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { cluster, headAt } from '../contract/registry-samples.ts'
import { altered } from './keys.ts'
import { systemFetch, TOKEN } from './relay.ts'
import type { Answer } from './rogue-server.ts'

// What a relay may answer that it should not.

export const MAX_LOAD_BYTES = 1_000_000
export const head = headAt(1, 1)
export const otherHead = altered(head, { root: 'bb' })
export const record: StoredRecord = { kind: 'route', key: 'a', text: '{}' }
export const lines = (...parts: (object | string)[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : `${JSON.stringify(part)}\n`)).join('')
export const whole = lines({ head: head.text }, recordLine(record), { count: 1 })

export const NDJSON = { 'content-type': 'application/x-ndjson', 'postern-head': encodeHeadField(head) }
export const EVENTS = { 'content-type': 'text/event-stream' }
export const HTML = { 'content-type': 'text/html' }

export function answering(status: number, fields: Record<string, string>, body: string | Buffer): Answer {
  return (_incoming, outgoing) => void outgoing.writeHead(status, fields).end(body)
}

/** Sends so much, and then cuts the connection or falls silent. */
export function stopping(fields: Record<string, string>, body: string, how: 'cut' | 'silent'): Answer {
  return (_incoming, outgoing) => {
    outgoing.writeHead(200, fields)
    outgoing.write(body, () => how === 'cut' && setImmediate(() => outgoing.destroy()))
  }
}

export const silent: Answer = () => {}

export type Fault = [name: string, answer: Answer, code: string, said: RegExp]

/** What is wrong whatever is asked for. */
export const anywhere: Fault[] = [
  ['an error', answering(500, HTML, '<h1>Oops</h1>'), 'unreachable', /: status 500$/],
  [
    'an error with a reason',
    answering(503, { 'content-type': 'application/json' }, '{"error":"not read yet"}'),
    'unreachable',
    /: status 503: not read yet$/,
  ],
  ['that the token is wrong', answering(401, {}, ''), 'unreachable', /: status 401: the token is wrong$/],
  ['a page', answering(200, HTML, '<html>'), 'invalid', /the answer is text\/html, not /],
  ['no type', answering(200, {}, whole), 'invalid', /the answer is none, not /],
  ['a redirect', answering(302, { location: '/else' }, ''), 'unreachable', /: status 302$/],
  ['not modified, unasked', answering(304, {}, ''), 'unreachable', /: status 304$/],
  ['a connection that closes', (incoming) => incoming.socket.destroy(), 'unreachable', /fetch failed/],
  ['no HTTP', (incoming) => incoming.socket.end('+PONG\r\n'), 'unreachable', /fetch failed/],
]

export const loads: Fault[] = [
  [
    'half a record',
    answering(200, NDJSON, whole.slice(0, -20)),
    'unreachable',
    /ends in the middle of a line/,
  ],
  [
    'no last line',
    answering(200, NDJSON, lines({ head: head.text }, recordLine(record))),
    'unreachable',
    /ends after 1 records, without its last line/,
  ],
  ['nothing', answering(200, NDJSON, ''), 'unreachable', /ends after 0 records/],
  [
    'fewer records than it says',
    answering(200, NDJSON, lines({ head: head.text }, { count: 1 })),
    'invalid',
    /says that it has 1 records, and has 0/,
  ],
  [
    'more after its end',
    answering(200, NDJSON, whole + recordLine(record)),
    'invalid',
    /goes on after its end/,
  ],
  ['a connection that is cut', stopping(NDJSON, whole, 'cut'), 'unreachable', /terminated|other side closed/],
  [
    'less than its length',
    stopping({ ...NDJSON, 'content-length': '999' }, whole, 'cut'),
    'unreachable',
    /terminated|other side closed|fetch failed/,
  ],
  [
    'half of its gzip',
    answering(200, { ...NDJSON, 'content-encoding': 'gzip' }, gzipSync(whole).subarray(0, -12)),
    'unreachable',
    /terminated|unexpected end|ends/i,
  ],
  [
    'an unknown schema',
    answering(200, NDJSON, lines({ head: head.text.replace('"schema":1', '"schema":2') }, { count: 0 })),
    'invalid',
    /it is no head/,
  ],
  [
    'an unknown schema in the newest head',
    answering(200, { ...NDJSON, 'postern-head': btoa('{"schema":2}').replace(/=+$/, '') }, whole),
    'invalid',
    /it is no head/,
  ],
  [
    'no newest head',
    answering(200, { 'content-type': NDJSON['content-type'] }, whole),
    'invalid',
    /it is no head/,
  ],
  [
    "another cluster's head",
    answering(200, { ...NDJSON, 'postern-head': encodeHeadField(altered(head, { cluster: 'else' })) }, whole),
    'invalid',
    /it is cluster "else"'s/,
  ],
  [
    'a newest head of other records',
    answering(200, { ...NDJSON, 'postern-head': encodeHeadField(otherHead) }, whole),
    'invalid',
    /postern-head has another root than its body/,
  ],
  ['what is no JSON', answering(200, NDJSON, 'hello\n'), 'invalid', /not JSON: hello$/],
  [
    'a record of other things',
    answering(200, NDJSON, lines({ head: head.text }, [1, 2, 3], { count: 1 })),
    'invalid',
    /field 0: /,
  ],
  [
    'what is no UTF-8',
    answering(200, NDJSON, Buffer.from([0x7b, 0xff, 0xfe, 0x0a])),
    'invalid',
    /it is not UTF-8/,
  ],
  [
    'too much',
    answering(200, NDJSON, lines({ head: head.text }, recordLine(record).repeat(MAX_LOAD_BYTES / 10))),
    'invalid',
    /takes more than 1000000 bytes/,
  ],
  [
    'too many records, each of them small',
    answering(200, NDJSON, lines({ head: head.text }, recordLine(record).repeat(MAX_LOAD_BYTES / 256))),
    'invalid',
    /takes more than 1000000 bytes/,
  ],
  [
    'too much in little gzip',
    answering(
      200,
      { ...NDJSON, 'content-encoding': 'gzip' },
      gzipSync(Buffer.alloc(50 * MAX_LOAD_BYTES, ' ')),
    ),
    'invalid',
    /takes more than 1000000 bytes/,
  ],
]

export const forever = new AbortController().signal

export function impatientReader(url: string, silenceMs = 5_000): HttpRegistry {
  return new HttpRegistry({
    heads: anyHeads,
    url,
    token: TOKEN,
    cluster,
    fetch: systemFetch,
    timers: systemTimers,
    maxLoadBytes: MAX_LOAD_BYTES,
    silenceMs,
  })
}

export async function failureOf(read: Promise<unknown>): Promise<RegistryError> {
  try {
    await read
  } catch (error) {
    if (error instanceof RegistryError) return error
    throw error
  }
  throw new Error('It was read')
}
