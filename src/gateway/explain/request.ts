import type { Peer } from '../../identity/identify.ts'
import { identifyPeer } from '../../identity/identify.ts'
import { normaliseIp } from '../../model/address.ts'
import type { RequestHead, RoadOptions } from '../road.ts'
import { headerBytesOf } from '../size-limits.ts'

/** A request that somebody wonders about, as curl would send it. */
export interface Question {
  readonly url: string
  /** The address that the connection comes from. */
  readonly from: string
  readonly method: string
  /** `Name: value` */
  readonly headers: readonly string[]
}

export interface ReadQuestion {
  readonly head: RequestHead
  readonly peer: Peer
}

export type QuestionParse =
  | ({ readonly ok: true } & ReadQuestion)
  | { readonly ok: false; readonly faults: readonly string[] }

/** A stranger: an address for documentation (RFC 5737), which nobody has. */
export const STRANGER = '192.0.2.1'

/** Without a scheme it is http. What follows the authority stays as it is written: dots and slashes matter. */
const URL_PARTS = /^(?:https?:\/\/)?([^/?#]+)([^#]*)$/i
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*)$/

/** Reads a question; every fault is reported at once. */
export function readQuestion(
  question: Question,
  { trustedProxies }: Pick<RoadOptions, 'trustedProxies'>,
): QuestionParse {
  const faults: string[] = []
  const url = URL_PARTS.exec(question.url)
  if (url === null) faults.push(`Cannot read the URL: "${question.url}" is not http://host/path`)
  if (normaliseIp(question.from) === undefined) {
    faults.push(`Cannot read the client's address: "${question.from}" is no IP address`)
  }
  if (!METHOD.test(question.method)) faults.push(`Cannot read the method: "${question.method}" is no token`)
  const fields = new Map<string, string[]>()
  for (const header of question.headers) {
    const [, name, value = ''] = HEADER.exec(header) ?? []
    if (name === undefined) faults.push(`Cannot read the header: "${header}" is not Name: value`)
    else fields.set(name.toLowerCase(), [...(fields.get(name.toLowerCase()) ?? []), value])
  }
  if (faults.length > 0 || url === null) return { ok: false, faults }
  const [, authority = '', rest = ''] = url
  const target = rest.startsWith('/') ? rest : `/${rest}`
  const listed = [...fields].flatMap(([name, values]) => values.flatMap((value) => [name, value]))
  const head = {
    method: question.method,
    target,
    hosts: fields.get('host') ?? [asciiAuthority(authority)],
    fields: listed,
    field: (name: string) => fields.get(name)?.join(', '),
    headerBytes: () => headerBytesOf(listed),
  }
  const scheme = /^https:/i.test(question.url) ? 'https' : 'http'
  return { ok: true, head, peer: identifyPeer(question.from, trustedProxies, scheme) }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range in question
const ASCII = /^[\x00-\x7f]*$/

/** Browsers and curl write international names as IDNA has them. */
function asciiAuthority(authority: string): string {
  return ASCII.test(authority) ? authority : (URL.parse(`http://${authority}`)?.host ?? authority)
}
