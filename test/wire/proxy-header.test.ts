import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from '../../src/wire/proxy-header.ts'
import { IPV4_BLOCK, IPV6_BLOCK, octets, UNIX_BLOCK, v2Header } from '../support/proxy-headers.ts'

const read = (text: string) => readProxyHeader(octets(text))
const client = (address: string) => ({ type: 'client', address })
const itself = { type: 'itself' }

const TCP4 = 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 80\r\n'
const TLV = '\x04\x00\x03abc'
const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`

const good: [string, string, object][] = [
  ['v1 TCP4', TCP4, client('203.0.113.9')],
  ['v1 TCP4, the least and the most', 'PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n', client('0.0.0.0')],
  ['v1 TCP6', 'PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n', client('2001:db8::7')],
  ['v1 TCP6, mapped', 'PROXY TCP6 ::ffff:203.0.113.9 ::1 4711 80\r\n', client('::ffff:203.0.113.9')],
  ['v1 UNKNOWN', 'PROXY UNKNOWN\r\n', itself],
  ['v1 UNKNOWN with addresses', 'PROXY UNKNOWN 203.0.113.9 192.0.2.1 4711 80\r\n', itself],
  ['v1 as long as can be', longest, itself],
  ['v2 IPv4', v2Header({ block: IPV4_BLOCK }), client('203.0.113.9')],
  ['v2 IPv6', v2Header({ family: 0x21, block: IPV6_BLOCK }), client('2001:db8:0:0:0:0:0:7')],
  ['v2 with TLVs', v2Header({ block: IPV4_BLOCK + TLV }), client('203.0.113.9')],
  ['v2 LOCAL', v2Header({ command: 0x20, family: 0x00 }), itself],
  ['v2 LOCAL, whatever it holds', v2Header({ command: 0x20, family: 0xff, block: 'abc' }), itself],
  ['v2 AF_UNSPEC', v2Header({ family: 0x00, block: IPV4_BLOCK }), itself],
  ['v2 AF_UNIX', v2Header({ family: 0x31, block: UNIX_BLOCK }), { type: 'no-address' }],
  ['v2 as long as may be', v2Header({ block: IPV4_BLOCK.padEnd(4_096, '\0') }), client('203.0.113.9')],
]

describe.each(good)('%s', (_name, header, source) => {
  test('is read, and ends where it ends', () => {
    const found = { type: 'header', source, length: header.length }
    expect(read(header)).toEqual(found)
    expect(read(`${header}GET / HTTP/1.1\r\n`)).toEqual(found)
    expect(read(header + header)).toEqual(found)
  })
  test('is waited for from its first byte to its last', () => {
    for (let end = 1; end < header.length; end++) {
      expect(read(header.slice(0, end)), `after ${end} bytes`).toEqual({ type: 'more' })
    }
  })
})

test.each([
  ['a request', 'GET / HTTP/1.1\r\n', 'does not begin'],
  ['lower case', 'proxy TCP4 203.0.113.9 192.0.2.1 4711 80\r\n', 'does not begin'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', 'does not begin'],
  ['TLS', '\x16\x03\x01\x02\x00', 'does not begin'],
  ['an empty line first', `\r\n${TCP4}`, 'does not begin'],
  ['two spaces', 'PROXY  TCP4 203.0.113.9 192.0.2.1 4711 80\r\n', 'is not PROXY'],
  ['a tab', 'PROXY TCP4\t203.0.113.9 192.0.2.1 4711 80\r\n', 'is not PROXY'],
  ['a space at the end', 'PROXY TCP4 203.0.113.9 192.0.2.1 4711 80 \r\n', 'is not PROXY'],
  ['lower-case TCP4', 'PROXY tcp4 203.0.113.9 192.0.2.1 4711 80\r\n', 'is not PROXY'],
  ['UDP4', 'PROXY UDP4 203.0.113.9 192.0.2.1 4711 80\r\n', 'is not PROXY'],
  ['UNKNOWN and more', 'PROXY UNKNOWNS\r\n', 'is not PROXY'],
  ['too few fields', 'PROXY TCP4 203.0.113.9 192.0.2.1 4711\r\n', 'is not PROXY'],
  ['IPv6 as TCP4', 'PROXY TCP4 2001:db8::7 2001:db8::1 4711 80\r\n', 'is not PROXY'],
  ['IPv4 as TCP6', 'PROXY TCP6 203.0.113.9 192.0.2.1 4711 80\r\n', 'is not PROXY'],
  ['an octal address', 'PROXY TCP4 0203.0.113.9 192.0.2.1 4711 80\r\n', 'is not PROXY'],
  ['a wrong target', 'PROXY TCP4 203.0.113.9 192.0.2 4711 80\r\n', 'is not PROXY'],
  ['a name', 'PROXY TCP4 localhost 192.0.2.1 4711 80\r\n', 'is not PROXY'],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 fe80::2 4711 80\r\n', 'is not PROXY'],
  ['port 65536', 'PROXY TCP4 203.0.113.9 192.0.2.1 65536 80\r\n', 'is not PROXY'],
  ['a port with a sign', 'PROXY TCP4 203.0.113.9 192.0.2.1 +4711 80\r\n', 'is not PROXY'],
  ['a port with a leading zero', 'PROXY TCP4 203.0.113.9 192.0.2.1 04711 80\r\n', 'is not PROXY'],
  ['LF alone', TCP4.replace('\r', ''), 'CRLF'],
  ['CR alone', TCP4.replace('\n', 'G'), 'CRLF'],
  ['LF within', 'PROXY UNKNOWN a\nb\r\n', 'CRLF'],
  ['a line that never ends', `PROXY UNKNOWN ${'f'.repeat(93)}`, 'longer than 107'],
  ['a line of 108 bytes', longest.replace('\r\n', 'f\r\n'), 'CRLF'],
  ['version 1 in version 2', v2Header({ command: 0x11 }), '0x11'],
  ['version 3', v2Header({ command: 0x31 }), '0x31'],
  ['an unknown command', v2Header({ command: 0x22 }), '0x22'],
  ['an unknown command, at its byte', v2Header({ command: 0x22 }).slice(0, 13), '0x22'],
  ['UDP over IPv4', v2Header({ family: 0x12, block: IPV4_BLOCK }), '0x12'],
  ['UDP over IPv6', v2Header({ family: 0x22, block: IPV6_BLOCK }), '0x22'],
  ['UNIX datagrams', v2Header({ family: 0x32, block: UNIX_BLOCK }), '0x32'],
  ['a family without a transport', v2Header({ family: 0x10, block: IPV4_BLOCK }), '0x10'],
  ['an unknown family', v2Header({ family: 0x41, block: IPV4_BLOCK }), '0x41'],
  ['IPv4 cut short', v2Header({ block: IPV4_BLOCK.slice(0, 11) }), 'within its addresses'],
  ['IPv6 with the addresses of IPv4', v2Header({ family: 0x21, block: IPV4_BLOCK }), 'within its addresses'],
  ['UNIX cut short', v2Header({ family: 0x31, block: UNIX_BLOCK.slice(1) }), 'within its addresses'],
  ['more than may be held', v2Header({ block: IPV4_BLOCK, length: 4_097 }), 'more than 4096'],
])('%s is refused', (_name, header, reason) => {
  expect(read(header)).toEqual({ type: 'fault', reason: expect.stringContaining(reason) })
})

const piece = fc.constantFrom(
  'PROXY ',
  'TCP4 ',
  'UNKNOWN',
  '1.2.3.4 ',
  '80',
  ' ',
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\r\n\r\n\0\r\nQUIT\n',
  '\x21\x11',
  '\x20',
  '\0\x0c',
  IPV4_BLOCK,
)
const hostile = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc
    .tuple(fc.constantFrom(...good.map(([, header]) => header)), fc.nat(), fc.nat({ max: 255 }))
    .map(([header, at, byte]) => {
      const place = at % header.length
      return header.slice(0, place) + String.fromCharCode(byte) + header.slice(place + 1)
    }),
)

test('whatever comes: nothing throws, more only mends what is not yet decided, and little is held', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      let decided: ReturnType<typeof read> | undefined
      for (let end = 1; end <= text.length; end++) {
        const now = read(text.slice(0, end))
        if (decided !== undefined) expect(now).toEqual(decided)
        if (now.type === 'more') expect(end).toBeLessThan(MAX_PROXY_HEADER_BYTES)
        else decided = now
      }
    }),
    { numRuns: 300 },
  )
})
