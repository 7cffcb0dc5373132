import { gzipSync } from 'node:zlib'
import type { Meddle } from './hostile-relay.ts'
import {
  altered,
  endless,
  halfOfGzip,
  halved,
  sent,
  stalled,
  withHead,
  withoutEndpoints,
} from './meddling.ts'
import { TOKEN } from './relay.ts'

/** One way to answer wrongly, and what the operator is told of it. */
export interface Hostility {
  /** `a relay that … ` */
  readonly name: string
  readonly meddle: Meddle
  readonly said: RegExp
}

/** As Node says it, as workerd does, and as we do where a platform lets a cut stream pass for a whole one. */
const CUT =
  /terminated|other side closed|fetch failed|Network connection lost|prematurely|unexpected end|incorrect header check|Gzip decompression failed|middle of a line|not JSON/i

const ENDLESS = /it (is longer|takes more) than \d+ bytes/
const SILENT = /nothing came for \d+ ms|no answer within \d+ ms/
const HTML = '<html><h1>Oops</h1></html>'

/** What is as wrong for one host as for all of them. */
export const hostilities: readonly Hostility[] = [
  { name: 'answers 500', meddle: sent(500, 'text/html', HTML), said: /: status 500$/m },
  { name: 'answers 502', meddle: sent(502, 'text/html', HTML), said: /: status 502$/m },
  {
    name: 'answers 404',
    meddle: sent(404, 'application/json', '{"error":"not found"}'),
    said: /: status 404: not found$/m,
  },
  {
    name: 'takes no token',
    meddle: sent(401, 'text/html', HTML),
    said: /: status 401: the token is wrong$/m,
  },
  {
    name: 'repeats what it was asked',
    meddle: sent(400, 'application/json', JSON.stringify({ error: `${'x'.repeat(180)} ${TOKEN}` })),
    said: /: status 400: x{180} \(the token\)$/m,
  },
  {
    name: 'sends its readers elsewhere',
    meddle: (_honest, outgoing) => outgoing.writeHead(302, { location: '/elsewhere' }).end(),
    said: /: status 302$/m,
  },
  {
    name: 'answers 200 with a page',
    meddle: sent(200, 'text/html', HTML),
    said: /the answer is text\/html, not /,
  },
  {
    name: 'answers with nothing',
    meddle: altered(() => ''),
    said: /not JSON: (?!\S)|ends after 0 records/,
  },
  {
    name: 'sends less than its Content-Length',
    meddle: halved((bytes) => ({ 'content-length': `${bytes.length}` })),
    said: CUT,
  },
  { name: 'cuts a chunked body', meddle: halved(() => ({})), said: CUT },
  {
    name: 'cuts a gzip stream',
    meddle: halved(() => ({ 'content-encoding': 'gzip' }), gzipSync),
    said: CUT,
  },
  { name: 'ends half-way through its gzip', meddle: halfOfGzip, said: CUT },
  {
    name: 'calls gzip what is none',
    meddle: ({ status, fields, body }, outgoing) =>
      outgoing.writeHead(status, { ...fields, 'content-encoding': 'gzip' }).end(body),
    said: CUT,
  },
  {
    name: 'ends half-way through its JSON',
    meddle: altered((body) => body.slice(0, body.length / 2)),
    said: /not JSON: |ends in the middle of a line/,
  },
  {
    name: 'leaves a record out',
    meddle: altered(withoutEndpoints),
    said: /service:shop\/web does not fit the head at |Records do not fit the head at /,
  },
  {
    name: 'changes a record',
    meddle: altered((body) => body.replaceAll('127.0.0.1', '127.0.0.2')),
    said: /service:shop\/web does not fit the head at |Records do not fit the head at /,
  },
  {
    name: 'has a head of a later moment',
    meddle: withHead('payload', (head) => head.replace(/"observedAt":1/, '"observedAt":9')),
    said: / at \d+-\d+ \(.*\): its signature is not that of key [\w-]{43}, which it names/,
  },
  {
    name: "passes on another cluster's registry",
    meddle: withHead('payload', (head) => head.replace('"cluster":"test"', '"cluster":"else"')),
    said: /its signature is not that of key /,
  },
  {
    name: 'has a head of a key that it made',
    meddle: withHead('header', (header) => header.replace(/"kid":"[^"]*"/, '"kid":"mine"')),
    said: /it is signed by key "mine", which is not trusted here: [\w-]{43}/,
  },
  {
    name: 'has a head that nobody has signed',
    meddle: withHead('header', (header) => header.replace('"Ed25519"', '"none"')),
    said: /its signature is of algorithm "none", not Ed25519/,
  },
  {
    name: 'has a head whose signature asks for more than is known',
    meddle: withHead('header', (header) => header.replace('{', '{"crit":["exp"],"exp":1,')),
    said: /its signature has the field "crit", which is not known here/,
  },
  { name: 'closes the connection', meddle: (_honest, outgoing) => outgoing.destroy(), said: CUT },
  {
    name: 'never ends a line',
    meddle: endless('', ' '.repeat(65_536)),
    said: ENDLESS,
  },
  { name: 'never ends', meddle: endless('{"head":null}\n', '["a","b","c"]\n'.repeat(5_000)), said: ENDLESS },
  { name: 'never answers', meddle: () => {}, said: SILENT },
  { name: 'falls silent half-way', meddle: stalled, said: SILENT },
]
