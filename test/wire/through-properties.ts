import { ok, deepStrictEqual as same } from 'node:assert'
import { METHODS } from 'node:http'
import fc from 'fast-check'
import { parseTarget } from '../../src/route/target.ts'
import { wireBounds } from '../../src/wire/bounds.ts'
import { decodeOctets, encodeOctets } from '../../src/wire/octets.ts'
import { ResponseParser, type ResponsePart } from '../../src/wire/response-parser.ts'
import { MemoryGateway } from '../support/memory-gateway.ts'
import { mutated, response } from './grammar.ts'
import { NodeServerReader, type SeenRequest } from './node-server-reader.ts'
import { cut, readResponse } from './read.ts'
import { type ConnectionReading, readRequests } from './read-request.ts'
import { hostileConnection } from './request-grammar.ts'

const HOST = 'web.shop.example.test'
/** At a few places, or everywhere. */
const cuts = fc.oneof(
  { arbitrary: fc.array(fc.nat(600), { maxLength: 6 }), weight: 9 },
  fc.constant(Array.from({ length: 600 }, (_, i) => i)),
)

/**
 * What goes on to an endpoint of a hostile client's bytes is, to node:http in its strict mode, nothing but requests that
 * the client has made, each once and in their order, each framed in one way.
 */
export function forwardsWhatItReads(count: { accepted: number }): fc.IAsyncProperty<unknown> {
  return fc.asyncProperty(hostileConnection, cuts, async (raw, at) => {
    const text = raw.replaceAll('Host: a\r\n', `Host: ${HOST}\r\n`)
    const endpoint = new NodeServerReader()
    const gateway = new MemoryGateway((socket) => endpoint.serve(socket))
    gateway.client.resume()
    for (const chunk of cut(encodeOctets(text), at)) gateway.client.write(chunk)
    await gateway.quiet()
    gateway.close()
    const seen = endpoint.whole
    count.accepted += seen.length
    const read = readRequests(text)
    if (!hasStrangeMethod(read)) same(endpoint.faults, [])
    for (const { fields } of seen) ok(framingsOf(fields) <= 1, `framed twice: ${fields}`)
    same(seen.map(partsOf), inOrder(read, seen))
  })
}

/** node:http refuses methods that it does not know: what it says of them is no fault of ours. */
function hasStrangeMethod({ requests, begun }: ConnectionReading): boolean {
  const heads = [...requests.map(({ head }) => head), ...(begun ? [begun] : [])]
  return heads.some(({ method }) => !METHODS.includes(method))
}

const FRAMING = ['content-length', 'transfer-encoding']

function framingsOf(fields: readonly string[]): number {
  return fields.filter((name, i) => i % 2 === 0 && FRAMING.includes(name.toLowerCase())).length
}

type Parts = Pick<SeenRequest, 'method' | 'target' | 'body'>

const partsOf = ({ method, target, body }: Parts): Parts => ({ method, target, body })

/** Of what the client has sent, that which was seen: what the gateway answers itself may be missing. */
function inOrder(
  { requests }: ReturnType<typeof readRequests>,
  seen: readonly SeenRequest[],
): readonly Parts[] {
  const meant = requests.map(({ head, body }) => {
    const target = parseTarget(head.target, head.method)
    return { method: head.method, target: `${target?.path}${target?.query}`, body }
  })
  const found: Parts[] = []
  for (const one of meant) {
    const next = seen[found.length]
    if (next !== undefined && JSON.stringify(one) === JSON.stringify(partsOf(next))) found.push(one)
  }
  return found
}

const answers = fc.array(
  fc.oneof(
    { arbitrary: mutated, weight: 3 },
    response.map(({ text }) => text),
  ),
  {
    minLength: 3,
    maxLength: 3,
  },
)

/**
 * Whatever an endpoint writes as its answer to one request, the client gets that for this request, or an error, or a cut;
 * and never a byte of it for another.
 */
export function answersStayApart(count: { accepted: number }): fc.IAsyncProperty<unknown> {
  return fc.asyncProperty(answers, cuts, async (texts, at) => {
    const gateway = new MemoryGateway((socket) => {
      socket.on('data', (chunk) => {
        const text = texts[Number(/^GET \/(\d) /.exec(decodeOctets(chunk))?.[1])] ?? ''
        for (const piece of cut(encodeOctets(text), at)) socket.write(piece)
        const { error, framing } = readResponse(text)
        if (error !== undefined || framing === 'until-close') socket.end()
      })
    })
    const got: Uint8Array[] = []
    gateway.client.on('data', (chunk) => got.push(chunk)).resume()
    for (const i of texts.keys()) gateway.client.write(`GET /${i} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await gateway.quiet()
    gateway.close()
    const told = readAnswers(Buffer.concat(got))
    ok(told.length <= texts.length, `${told.length} answers to ${texts.length} requests`)
    for (const [i, answer] of told.entries()) count.accepted += checkAnswer(answer, texts[i] ?? '')
  })
}

interface Answer {
  readonly status: number
  readonly fields: readonly string[]
  readonly body: string
  readonly isWhole: boolean
}

/** @returns how many of the endpoint's own answers this was */
function checkAnswer(answer: Answer, text: string): number {
  const { status, body, error } = readResponse(text)
  const isOurs = answer.fields.some((value) => value.startsWith('postern; error='))
  if (isOurs) {
    ok(answer.isWhole && answer.status >= 500, `an error of ours with ${answer.status}`)
    // A fault within the head or before it; one in the body cuts the answer that has begun.
    ok(status === undefined || error !== undefined, 'an answer that could be read was refused')
    return 0
  }
  same(answer.status, status)
  if (answer.isWhole) same([answer.body, error], [body, undefined])
  else ok(body.startsWith(answer.body) && error !== undefined, 'an answer was cut that is whole')
  return 1
}

/** Every answer on a client's connection; only the last may be cut. */
function readAnswers(bytes: Uint8Array): readonly Answer[] {
  const found: Answer[] = []
  for (let rest = bytes; rest.length > 0; ) {
    const parser = new ResponseParser({ method: 'GET', upgrade: undefined, bounds: wireBounds })
    const parts = parser.feed(rest)
    const isWhole = parser.isOver
    if (!isWhole) parts.push(...parser.finish())
    const answer = answerOf(parts)
    // Cut after interim responses, or before.
    if (answer === undefined) break
    found.push(answer)
    const last = parts.at(-1)
    rest = last?.kind === 'end' && isWhole ? last.rest : new Uint8Array()
  }
  return found
}

function answerOf(parts: readonly ResponsePart[]): Answer | undefined {
  const failure = parts.find((part) => part.kind === 'failed')
  ok(failure === undefined || failure.error.code.endsWith('-incomplete'), failure?.error.message)
  const head = parts.find((part) => part.kind === 'head')?.head
  if (head === undefined) return undefined
  const pieces = parts.flatMap((part) => (part.kind === 'data' ? [decodeOctets(part.bytes)] : []))
  const { status, fields } = head
  return { status, fields, body: pieces.join(''), isWhole: failure === undefined }
}
