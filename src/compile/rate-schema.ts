import type { RateLimit } from '../model/limits.ts'
import { PREFIX } from '../model/objects/meta.ts'
import type { Annotation, AnnotationParse } from './annotation.ts'

const PERIODS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const RATE = /^([1-9]\d{0,6})r?\/([smhd])$/
const COUNT = /^[1-9]\d{0,6}$/
/** As jwt-required-claims takes it. */
const CLAIM_KEY = /^claim:([\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256})$/
/** A field name (RFC 9110 §5.1). */
const HEADER_KEY = /^header:([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})$/

export const rateLimit: Annotation<RateLimit> = {
  name: `${PREFIX}rate-limit`,
  summary:
    'How often a client may come. Who comes more often is answered 429 with `Retry-After`; every answer says what is left, as `RateLimit` and `RateLimit-Policy`.',
  takes:
    'a rate such as `100/s`, `600/m`, `5000/h` or `10000/d`, and after it, in any order: `burst=200`, how many may come at once after a quiet time (otherwise as many as the rate counts); `key=client` (the default), `key=header:NAME`, `key=claim:NAME` of the verified token, `key=api-key` or `key=route`, who shares an allowance; `local` (the default), counted by each gateway, or `shared`, by all of them together through Redis; with `shared`, `on-error=open` or `on-error=closed`, whether requests go on while that is away; `quiet`, by which only those who are refused are told of the limit',
  otherwise: 'any rate',
  whenInvalid: '503',
  example: '100/s burst=200 key=client',
  parse: parseRateLimit,
}

function parseRateLimit(text: string): AnnotationParse<RateLimit> {
  const [rate = '', ...words] = text.trim().split(/\s+/)
  const [, count = '', unit = ''] = RATE.exec(rate) ?? []
  const periodMs = PERIODS_MS[unit]
  if (periodMs === undefined) return wrong(`"${rate}" is no rate such as 100/s, 600/m, 5000/h or 10000/d`)
  const options = readOptions(words)
  if (typeof options === 'string') return wrong(options)
  const { burst = count, key: by = 'client', scope = 'local', 'on-error': onError } = options
  const key = parseKey(by)
  if (key === undefined)
    return wrong(`key "${by}" is none of client, route, header:NAME, claim:NAME, api-key`)
  if (!COUNT.test(burst)) return wrong(`burst "${burst}" is not a whole number from 1 to 9999999`)
  const quiet = options.quiet === undefined ? {} : { quiet: true as const }
  const pace = { count: Number(count), periodMs, burst: Number(burst), key, ...quiet }
  if (scope === 'local') {
    return onError === undefined
      ? { ok: true, value: { ...pace, scope } }
      : wrong('on-error is for limits that are shared')
  }
  if (onError !== 'open' && onError !== 'closed') {
    return wrong('shared needs on-error=open or on-error=closed: what is to happen while Redis is away')
  }
  return { ok: true, value: { ...pace, scope: 'shared', onError } }
}

/** By name; `local`, `shared` and `quiet` stand for themselves. A reason when one is not known, or said twice. */
function readOptions(words: readonly string[]): Partial<Record<string, string>> | string {
  const options: Partial<Record<string, string>> = {}
  for (const word of words) {
    const [name, value] = readWord(word)
    if (name === undefined)
      return `"${word.slice(0, 60)}" is none of burst=, key=, on-error=, local, shared, quiet`
    if (options[name] !== undefined) return `${name} is said twice`
    options[name] = value
  }
  return options
}

function readWord(word: string): readonly string[] {
  if (word === 'local' || word === 'shared') return ['scope', word]
  if (word === 'quiet') return ['quiet', word]
  return /^(burst|key|on-error)=(.+)$/.exec(word)?.slice(1) ?? []
}

function parseKey(text: string): RateLimit['key'] | undefined {
  if (text === 'client' || text === 'route' || text === 'api-key') return { type: text }
  const claim = CLAIM_KEY.exec(text)?.[1]
  if (claim !== undefined) return { type: 'claim', name: claim }
  const name = HEADER_KEY.exec(text)?.[1]?.toLowerCase()
  return name === undefined ? undefined : { type: 'header', name }
}

function wrong(reason: string): AnnotationParse<RateLimit> {
  return { ok: false, reason }
}
