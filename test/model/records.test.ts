import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRecord } from '../../src/model/parse-record.ts'
import { recordKinds } from '../../src/model/records.ts'

test('a record that cannot be read says which field', () => {
  const text = '{"host":"a.test","rules":[{"path":{"type":"regex","value":"/"}}]}'
  expect(parseRecord('route', 'a.test', text)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('rules.0.path.type'),
  })
  expect(parseRecord('toString', 'x', '{}')).toMatchObject({ ok: false })
  expect(parseRecord('node', 'n', '{')).toMatchObject({ ok: false })
})

test('no text makes it throw', () => {
  const text = fc.oneof(fc.string(), fc.json())
  fc.assert(
    fc.property(fc.constantFrom(...recordKinds), text, (kind, some) => {
      expect(typeof parseRecord(kind, 'key', some).ok).toBe('boolean')
    }),
  )
})

test('what is said of a record that cannot be read is one short line, whatever is in it', () => {
  const long = `x\n${'y'.repeat(100_000)}`
  for (const [kind, key, text] of [
    [long, 'key', '{}'],
    ['node', long, '{}'],
    ['node', 'n', long],
    ['route', 'a.test', JSON.stringify({ host: 'a.test', rules: [], [long]: true })],
    ['node', 'n', JSON.stringify({ addresses: long, ready: true, excluded: false })],
  ] as const) {
    const parsed = parseRecord(kind, key, text)
    if (parsed.ok) throw new Error('it was read')
    expect(parsed.reason.length).toBeLessThan(1_200)
    expect(parsed.reason).not.toContain('\n')
  }
})

test('nothing of a certificate or credential that cannot be read is repeated', () => {
  const secret = 'QXZJ0189'
  const part = { form: 'open', text: [secret] }
  for (const kind of ['certificate', 'credential'] as const) {
    for (const text of [secret, `{"secret": ${secret}`, JSON.stringify(secret), JSON.stringify([secret])]) {
      const parsed = parseRecord(kind, 'shop/a', text)
      expect([parsed.ok, JSON.stringify(parsed).includes(secret)]).toEqual([false, false])
    }
  }
  for (const value of [
    { type: secret, secret: part },
    { type: 'basic', secret: part },
    { type: 'basic', secret },
  ]) {
    const parsed = parseRecord('credential', 'shop/a', JSON.stringify(value))
    expect([parsed.ok, JSON.stringify(parsed).includes(secret)]).toEqual([false, false])
  }
})
