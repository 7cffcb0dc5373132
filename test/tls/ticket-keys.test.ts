import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseTicketKeys, TicketRing, ticketKey } from '../../src/tls/ticket-keys.ts'

const line = () => randomBytes(48).toString('base64')

test('a file of keys has one on each line, the first one makes tickets, and all open theirs', () => {
  const lines = [line(), line()]
  const parsed = parseTicketKeys(`# of Monday\n${lines.join('\n')}\n\n`)
  if (!parsed.ok) throw new Error(parsed.reason)
  expect(parsed.keys.map(({ bytes }) => Buffer.from(bytes).toString('base64'))).toEqual(lines)
  const ring = new TicketRing([ticketKey(randomBytes(48))])
  ring.set(parsed.keys)
  const [first, second] = parsed.keys
  expect(ring.keyFor([])).toBe(first)
  expect(ring.keyFor(['00'.repeat(16)])).toBe(first)
  expect(ring.keyFor(['00'.repeat(16), second?.name ?? ''])).toBe(second)
})

const twice = line()
test.each([
  ['', 'no key is in it'],
  ['# none\n', 'no key is in it'],
  [`${line()}\nc2hvcnQ=`, 'key 2 is not 48 bytes in base64'],
  [randomBytes(80).toString('base64'), 'key 1 is not 48 bytes in base64'],
  [`${twice}\n${twice}`, 'two keys have one name'],
  [Array.from({ length: 9 }, line).join('\n'), 'more than 8 keys'],
])('%j is refused, and not repeated', (text, reason) => {
  expect(parseTicketKeys(text)).toEqual({ ok: false, reason })
})
