import { normaliseBlock } from '../model/address.ts'
import { excerpt } from '../model/excerpt.ts'
import { PREFIX } from '../model/objects/meta.ts'
import { compareText } from '../model/problem.ts'
import { parseBytes } from '../model/quantity.ts'
import type { Annotation, AnnotationParse } from './annotation.ts'
import { rateLimit } from './rate-schema.ts'

const CLOSED = '503'

/** Each request is compared with all of them. */
const MAX_BLOCKS = 256

const BLOCKS = `at most ${MAX_BLOCKS} addresses or CIDR blocks, IPv4 or IPv6, separated by commas`

const allowCidrs: Annotation<readonly string[]> = {
  name: `${PREFIX}allow-cidrs`,
  summary: 'Who may come, by the true address of the client. Everybody else is answered 403.',
  takes: BLOCKS,
  otherwise: 'everyone',
  whenInvalid: CLOSED,
  example: '203.0.113.0/24, 2001:db8::/32',
  parse: parseBlocks,
}

const denyCidrs: Annotation<readonly string[]> = {
  name: `${PREFIX}deny-cidrs`,
  summary:
    'Who may not come, by the true address of the client: answered 403, whatever `postern.dev/allow-cidrs` says.',
  takes: BLOCKS,
  otherwise: 'nobody',
  whenInvalid: CLOSED,
  example: '198.51.100.7, 2001:db8:bad::/48',
  parse: parseBlocks,
}

const SIZE = 'a Kubernetes quantity of bytes such as `10Mi`, `500k` or `4096`'

const maxBodySize: Annotation<number> = {
  name: `${PREFIX}max-body-size`,
  summary:
    "How large a request's body may be. A larger one is answered 413: at once when it says its length, else when it has come so far; the application never sees its end.",
  takes: SIZE,
  otherwise: 'any size',
  whenInvalid: CLOSED,
  example: '10Mi',
  parse: parseSize(Number.MAX_SAFE_INTEGER),
}

/** What a gateway on Node takes of any request. */
const MAX_HEADER_BYTES = 32_768

const maxHeaderSize: Annotation<number> = {
  name: `${PREFIX}max-header-size`,
  summary:
    'How large the header fields of a request may be together, as HTTP/1.1 writes them. Larger ones are answered 431.',
  takes: `${SIZE}, at most \`32Ki\``,
  otherwise: "the gateway's own limit, 32 KiB for the whole head",
  whenInvalid: CLOSED,
  example: '8Ki',
  parse: parseSize(MAX_HEADER_BYTES),
}

const maxConcurrentRequests: Annotation<number> = {
  name: `${PREFIX}max-concurrent-requests`,
  summary:
    'How many requests may be under way at once in each gateway process (in each isolate of a Worker). Those beyond are answered 503 with `Retry-After`.',
  takes: 'a whole number from `1`',
  otherwise: 'any number',
  whenInvalid: CLOSED,
  example: '200',
  parse: parseWhole,
}

/** Annotations that say who may come, and how much. What cannot be read closes the Service. */
export const limitAnnotations = {
  allowCidrs,
  denyCidrs,
  maxBodySize,
  maxHeaderSize,
  maxConcurrentRequests,
  rateLimit,
} as const

function parseWhole(text: string): AnnotationParse<number> {
  return /^[1-9]\d{0,5}$/.test(text.trim())
    ? { ok: true, value: Number(text.trim()) }
    : { ok: false, reason: 'not a whole number from 1 to 999999' }
}

function parseSize(max: number): (text: string) => AnnotationParse<number> {
  return (text) => {
    const bytes = parseBytes(text.trim())
    if (bytes === undefined) return { ok: false, reason: 'not a quantity such as 10Mi, 500k or 4096' }
    return bytes <= max ? { ok: true, value: bytes } : { ok: false, reason: `more than ${max} bytes` }
  }
}

/** As sorted CIDR blocks in their normal form. */
function parseBlocks(text: string): AnnotationParse<readonly string[]> {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length > MAX_BLOCKS) return { ok: false, reason: `more than ${MAX_BLOCKS} blocks` }
  const blocks = new Set<string>()
  for (const part of parts) {
    const block = normaliseBlock(part)
    if (block === undefined) {
      return { ok: false, reason: `"${excerpt(part, 60)}" is neither an address nor a CIDR block` }
    }
    blocks.add(block)
  }
  return { ok: true, value: [...blocks].sort(compareText) }
}
