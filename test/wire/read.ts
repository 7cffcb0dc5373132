import { wireBounds } from '../../src/wire/bounds.ts'
import { decodeOctets, encodeOctets } from '../../src/wire/octets.ts'
import { ResponseParser, type ResponsePart } from '../../src/wire/response-parser.ts'

export interface Reading {
  readonly interims: (readonly [status: number, fields: readonly string[]])[]
  readonly status: number | undefined
  readonly reason: string | undefined
  readonly fields: readonly string[] | undefined
  readonly framing: string | undefined
  readonly body: string
  readonly trailers: readonly string[] | undefined
  /** The first bytes of the protocol that was changed to. */
  readonly upgraded: string | undefined
  readonly error: string | undefined
  /** Bytes after the end, in the chunk that held it. */
  readonly surplus: number
}

export interface ReadOptions {
  readonly method?: string
  readonly upgrade?: string
  /** Where the bytes are cut into chunks. */
  readonly cuts?: readonly number[]
}

/** What the parser makes of a whole connection's bytes. */
export function readResponse(text: string, options: ReadOptions = {}): Reading {
  const { method = 'GET', upgrade, cuts = [] } = options
  const parser = new ResponseParser({ method, upgrade, bounds: wireBounds })
  const parts = cut(encodeOctets(text), cuts).flatMap((chunk) => parser.feed(chunk))
  return join([...parts, ...parser.finish()])
}

export function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, i) => bytes.slice(edges[i], edge))
}

const LAST = ['end', 'upgrade', 'failed']

function join(parts: readonly ResponsePart[]): Reading {
  const interims: [number, readonly string[]][] = []
  let body = ''
  let upgraded: string | undefined
  let last: ResponsePart | undefined
  let seen: Extract<ResponsePart, { kind: 'head' | 'upgrade' }> | undefined
  for (const part of parts) {
    if (last && LAST.includes(last.kind)) throw new Error(`${part.kind} after ${last.kind}`)
    if (part.kind === 'interim') interims.push([part.head.status, part.head.fields])
    else if (part.kind === 'data') body += decodeOctets(part.bytes)
    else if (part.kind === 'head' || part.kind === 'upgrade') seen = part
    if (part.kind === 'upgrade') upgraded = decodeOctets(part.rest)
    last = part
  }
  return {
    interims,
    status: seen?.head.status,
    reason: seen?.head.reason,
    fields: seen?.head.fields,
    framing: seen?.kind === 'head' ? seen.head.framing.kind : undefined,
    body,
    trailers: last?.kind === 'end' ? last.trailers : undefined,
    upgraded,
    surplus: last?.kind === 'end' ? last.rest.length : 0,
    error: last?.kind === 'failed' ? last.error.code : undefined,
  }
}
