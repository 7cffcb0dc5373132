import fc from 'fast-check'

/** A message of RFC 9112's grammar, as bytes (one character each) and as what they mean. */
export interface Written {
  readonly text: string
  readonly status: number
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

export const chars = (from: string, minLength = 0) =>
  fc.string({ unit: fc.constantFrom(...from), minLength, maxLength: 12 })
export const NAME = "!#$%&'*+-.^_`|~09azAZ"
const VISIBLE = '!"09:;<=>?@AZ[]az{|}~\x80\xa0\xe9\xff'

/** No name with a meaning for framing or connections: those are put there on purpose. */
const name = chars(NAME, 1).map((text) => `X${text}`)
const value = fc.oneof(
  chars(VISIBLE),
  fc.tuple(chars(VISIBLE, 1), chars(VISIBLE, 1)).map((parts) => parts.join(' \t')),
)
const space = chars(' \t')
const field = fc.tuple(name, space, value, space)
export const section = fc.array(field, { maxLength: 4 }).map((list) => ({
  text: list.map(([key, before, text, after]) => `${key}:${before}${text}${after}\r\n`).join(''),
  fields: list.flatMap(([key, , text]) => [key, text]),
}))
const octets = fc.string({
  unit: fc.constantFrom('\0', '\r', '\n', '\r\n0\r\n\r\n', 'a', '\xff', 'HTTP/1.1 '),
})

const extension = fc.oneof(
  fc.constant(''),
  name.map((key) => `;${key}`),
  fc.tuple(name, chars(NAME, 1)).map(([key, text]) => `;${key}=${text}`),
  fc.tuple(name, chars(' \taZ;=\xe9')).map(([key, text]) => `;${key}="${text}\\""`),
)
const chunk = fc.tuple(
  octets.filter((data) => data !== ''),
  extension,
  fc.boolean(),
)
export const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 4 }), extension, section)
  .map(([chunks, last, trailers]) => {
    const size = (data: string, isUpper: boolean) => {
      const digits = data.length.toString(16)
      return isUpper ? `0${digits.toUpperCase()}` : digits
    }
    const text = chunks.map(([data, ext, isUpper]) => `${size(data, isUpper)}${ext}\r\n${data}\r\n`).join('')
    return {
      field: ['Transfer-Encoding', 'chunked'],
      text: `${text}0${last}\r\n${trailers.text}\r\n`,
      body: chunks.map(([data]) => data).join(''),
      trailers: trailers.fields,
    }
  })
export const fixed = octets.map((body) => ({
  field: ['Content-Length', `${body.length}`],
  text: body,
  body,
  trailers: [],
}))
const untilClose = octets.map((body) => ({ field: [], text: body, body, trailers: [] }))

const interim = fc
  .tuple(fc.constantFrom(100, 102, 103, 199), section)
  .map(([status, { text }]) => `HTTP/1.1 ${status} Interim\r\n${text}\r\n`)

/** A whole response, framed in any of the three ways, perhaps after interim ones. */
export const response: fc.Arbitrary<Written> = fc
  .tuple(
    fc.array(interim, { maxLength: 2 }),
    fc.constantFrom(200, 206, 404, 599),
    fc.tuple(section, section),
    fc.oneof(chunked, fixed, untilClose),
  )
  .map(([interims, status, [before, after], { field, text, body, trailers }]) => {
    const framing = field.length === 0 ? '' : `${field.join(': ')}\r\n`
    const head = `HTTP/1.1 ${status} Some Reason\r\n${before.text}${framing}${after.text}\r\n`
    return {
      text: interims.join('') + head + text,
      status,
      fields: [...before.fields, ...field, ...after.fields],
      body,
      trailers,
    }
  })

/** What has been used to make two readers disagree. */
const POISON = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '\x0b',
    '\x85',
    '\xa0',
    '0',
    '-',
    '\r\n\r\n',
    '0\r\n\r\n',
  ],
  ...['Content-Length: 1\r\n', 'Content-Length : 1\r\n', 'Transfer-Encoding: chunked\r\n'],
  ...[
    'Transfer-Encoding: gzip\r\n',
    'Content-Length: 1, 1\r\n',
    ' chunked\r\n',
    'Transfer-Encoding: chunked\t\r\n',
    'HTTP/1.1 101 x\r\n\r\n',
  ],
  ...[
    'GET / HTTP/1.1\r\n\r\n',
    'GET ',
    ' HTTP/1.1',
    'HTTP/1.0\r\n',
    'Connection: close\r\n',
    'Upgrade: a\r\n',
  ],
  ...['CONNECT a:1', 'Expect: 100-continue\r\n', '#', 'http://a', '\\', '?', '@'],
  ...['Content-Length: 007\r\n', 'Content-Length: 0x1\r\n', 'HTTP/1.1 100 x\r\n\r\n', 'HTTP/1.0 200 x\r\n'],
]

const change = fc.record({
  at: fc.nat(400),
  remove: fc.nat(3),
  insert: fc.oneof(
    fc.constantFrom(...POISON),
    fc.nat(255).map((code) => String.fromCharCode(code)),
  ),
})

/** A text with a few of its bytes removed, replaced or joined by others. */
export const changed = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.array(change, { minLength: 1, maxLength: 3 })).map(([whole, changes]) =>
    changes.reduce((now, { at, remove, insert }) => {
      const from = at % (now.length + 1)
      return now.slice(0, from) + insert + now.slice(from + remove)
    }, whole),
  )

export const mutated: fc.Arbitrary<string> = changed(response.map(({ text }) => text))
