import fc from 'fast-check'
import { changed, chars, chunked, fixed, NAME, section } from './grammar.ts'
import type { SeenRequest } from './node-server-reader.ts'

export interface WrittenRequest extends SeenRequest {
  readonly text: string
}

const VISIBLE = '!"$%&\'()*+,-./0:;<=>?@AZ[\\]^_`az{|}~'
const origin = chars(VISIBLE).map((text) => `/${text}`)
const absolute = fc
  .tuple(fc.constantFrom('http', 'https', 'HTTP', 'ftp'), chars('a0.-:', 1), fc.option(origin))
  .map(([scheme, authority, path]) => `${scheme}://${authority}${path ?? ''}`)
const target = fc.oneof({ arbitrary: origin, weight: 4 }, absolute, fc.constant('*'))
/** Those that node:http knows; it refuses the others. */
const method = fc.constantFrom(
  'GET',
  'POST',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
  'M-SEARCH',
  'QUERY',
)
const bare = fc.constant({ field: [] as string[], text: '', body: '', trailers: [] as string[] })
const extra = fc.constantFrom(
  [],
  ['Connection', 'keep-alive'],
  ['Connection', 'x, Keep-Alive'],
  ['Expect', '100-continue'],
  ['Connection', 'Upgrade', 'Upgrade', 'websocket'],
)

/** A whole request, framed in any of the three ways. */
export const request: fc.Arbitrary<WrittenRequest> = fc
  .tuple(
    fc.tuple(
      fc.constantFrom('', '', '', '\r\n'),
      method,
      target,
      fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
    ),
    fc.tuple(section, extra, section),
    fc.oneof(bare, chunked, fixed),
  )
  .map(([[empty, verb, uri, asked], [before, more, after], { field, text, body, trailers }]) => {
    const version = field[0] === 'Transfer-Encoding' ? '1.1' : asked
    const own = ['Host', 'a', ...more, ...field]
    const lines = Array.from({ length: own.length / 2 }, (_, i) => `${own[2 * i]}: ${own[2 * i + 1]}\r\n`)
    const head = `${verb} ${uri} HTTP/${version}\r\n${before.text}${lines.join('')}${after.text}\r\n`
    return {
      text: empty + head + text,
      method: verb,
      target: uri,
      version,
      fields: [...before.fields, ...own, ...after.fields],
      body,
      trailers,
    }
  })

/** Several requests on one connection. */
export const pipeline: fc.Arbitrary<readonly WrittenRequest[]> = fc.array(request, {
  minLength: 1,
  maxLength: 3,
})

/** What may be found on a connection: requests with a few of their bytes changed, or nothing of the kind. */
export const hostileConnection: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: changed(pipeline.map((all) => all.map(({ text }) => text).join(''))), weight: 6 },
  {
    arbitrary: changed(
      fc.tuple(chars(NAME, 1), target).map(([verb, uri]) => `${verb} ${uri} HTTP/1.1\r\n\r\n`),
    ),
    weight: 1,
  },
  {
    arbitrary: changed(chars('a.:0[]', 1).map((uri) => `CONNECT ${uri}:1 HTTP/1.1\r\nHost: a\r\n\r\n`)),
    weight: 1,
  },
)
