import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseGatewayAddresses } from '../../src/cli/gateway-addresses.ts'

function read(text: string): readonly string[] | string {
  const parsed = parseGatewayAddresses(text)
  if (!parsed.ok) return parsed.reason
  return parsed.value.map(({ ip, hostname, ipMode }) => [ip ?? hostname, ipMode].filter(Boolean).join(' '))
}

test('addresses are proxies, in the one form that the API server likes; each once', () => {
  expect(read('192.0.2.1, 2001:DB8:0::1,::ffff:198.51.100.7,2001:db8::1')).toEqual([
    '192.0.2.1 Proxy',
    '2001:db8::1 Proxy',
    '198.51.100.7 Proxy',
  ])
})

test('hostnames have no mode', () => {
  expect(read('Edge.Example.com.,bücher.example')).toEqual(['edge.example.com', 'xn--bcher-kva.example'])
})

test.each([
  ['127.0.0.1', 'nobody is reached (loopback)'],
  ['::1', 'nobody is reached (loopback)'],
  ['0.0.0.0', 'nobody is reached (unspecified)'],
  ['224.0.0.1', 'nobody is reached (multicast)'],
  ['169.254.169.254', 'nobody is reached (linkLocal)'],
  ['fe80::1%eth0', 'neither an IP address nor a hostname'],
  ['10.0.0.256', 'neither an IP address nor a hostname'],
  ['10.0.0', 'neither an IP address nor a hostname'],
  ['192.0.2.1:443', 'neither an IP address nor a hostname'],
  ['[2001:db8::1]', 'neither an IP address nor a hostname'],
  ['https://edge.example.com', 'neither an IP address nor a hostname'],
  ['edge.example.com:443', 'neither an IP address nor a hostname'],
  ['192.0.2.0/24', 'neither an IP address nor a hostname'],
  ['*.example.com', 'neither an IP address nor a hostname'],
  ['my_edge.example.com', 'neither an IP address nor a hostname'],
])('%s is refused', (text, reason) => {
  expect(read(text)).toContain(`"${text}" is`)
  expect(read(text)).toContain(reason)
})

test('every fault is named, and there is an end to how many', () => {
  expect(read('here there,0.0.0.0')).toMatch(/"here there" is .*; "0\.0\.0\.0" is /)
  const many = Array.from({ length: 17 }, (_, i) => `192.0.2.${i}`).join()
  expect(read(many)).toBe('there are 17, and at most 16 may be')
})

test('whatever is given is read or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void read(text)))
})
