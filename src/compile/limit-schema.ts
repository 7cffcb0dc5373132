import { normaliseBlock } from '../model/address.ts'
import { excerpt } from '../model/excerpt.ts'
import { PREFIX } from '../model/objects/meta.ts'
import { compareText } from '../model/problem.ts'
import type { Annotation, AnnotationParse } from './schema.ts'

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

/** Annotations that say who may come, and how much. What cannot be read closes the Service. */
export const limitAnnotations = { allowCidrs, denyCidrs } as const

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
