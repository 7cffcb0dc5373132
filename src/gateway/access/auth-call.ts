import { type ForwardedFacts, requestHeaders } from '../../forward/headers.ts'
import type { AuthCallPolicy, CachePart } from '../../model/access-policy.ts'
import { textsAt } from '../../policy/places.ts'
import type { RequestHead } from '../road.ts'

/** Who is asked about a request, and with what. */
export interface AuthAsk {
  readonly policy: AuthCallPolicy
  /** Whose Service it is about: no answer is another's. */
  readonly service: string
  readonly head: RequestHead
  readonly facts: ForwardedFacts
  /** Path and query as they came. */
  readonly uri: string
}

/** The question as it is sent: a GET without a body. */
export interface AuthRequest {
  readonly url: string
  /** [name, value, …] */
  readonly fields: readonly string[]
}

/** What was answered. The body is cut off where nobody needs it. */
export interface AuthAnswer {
  readonly status: number
  /** [name, value, …] */
  readonly fields: readonly string[]
  readonly body: Uint8Array<ArrayBuffer>
}

/** An answer of somebody else's that the client gets. */
export interface GivenAnswer {
  readonly status: number
  /** [name, value, …] */
  readonly fields: readonly string[]
  readonly body: Uint8Array<ArrayBuffer>
}

/** What is known of a request. */
export type AuthVerdict =
  | {
      readonly type: 'admitted'
      readonly fields: readonly string[]
      readonly answerFields: readonly string[]
    }
  | { readonly type: 'refused'; readonly given: GivenAnswer }
  /** Nobody can say. */
  | { readonly type: 'unavailable' }

/** Of the request's own fields these are of its body, or would make an answer that is not the whole one. */
const LEFT_OUT = /^(?:host|content-.*|expect|range|if-.*|accept-encoding|max-forwards|x-request-id)$/i

/** The question about a request, as ingress-nginx asks it. */
export function authRequest({ policy, head, facts, uri }: AuthAsk): AuthRequest {
  const fields: string[] = []
  const came = requestHeaders(head.fields ?? [], facts, [])
  for (let i = 0; i + 1 < came.length; i += 2) {
    if (!LEFT_OUT.test(came[i] ?? '')) fields.push(came[i] ?? '', came[i + 1] ?? '')
  }
  fields.push('X-Original-URL', originalUrl(facts, uri), 'X-Original-Method', head.method)
  fields.push('X-Auth-Request-Redirect', uri, 'X-Sent-From', 'postern')
  return { url: policy.url, fields }
}

/** What an answer means: 2xx lets the request go on, 401 and 403 are the client's, and whatever else says nothing. */
export function readAnswer(
  { policy, facts, uri }: AuthAsk,
  { status, fields, body }: AuthAnswer,
): AuthVerdict {
  if (status >= 200 && status < 300) {
    return {
      type: 'admitted',
      fields: policy.fields.flatMap((name) => {
        const value = valuesOf(fields, name).join(', ')
        return value === '' ? [] : [name, value]
      }),
      // A session that was renewed.
      answerFields: valuesOf(fields, 'set-cookie').flatMap((value) => ['Set-Cookie', value]),
    }
  }
  if (status === 401 && policy.signIn !== undefined) {
    const location = signInUrl(policy.signIn, originalUrl(facts, uri))
    return { type: 'refused', given: { status: 302, fields: ['Location', location], body: new Uint8Array() } }
  }
  if (status !== 401 && status !== 403) return { type: 'unavailable' }
  const passed = ['WWW-Authenticate', 'Content-Type'].flatMap((name) =>
    valuesOf(fields, name.toLowerCase()).flatMap((value) => [name, value]),
  )
  return { type: 'refused', given: { status, fields: passed, body } }
}

/**
 * What an answer may be remembered by: the whole of what proves who the client is, and all that the answer may depend on.
 * @returns undefined where there is no such proof, or nothing is to be remembered
 */
export function cacheKey({ policy, service, head, facts, uri }: AuthAsk): string | undefined {
  const proofs = policy.cache?.by.map((part) => proofOf(part, head))
  if (proofs === undefined || proofs.every((proof) => proof.length === 0)) return undefined
  const { scheme, authority, clientAddress } = facts
  return JSON.stringify([service, policy, head.method, scheme, authority, uri, clientAddress, proofs])
}

function proofOf({ in: where, name }: CachePart, head: RequestHead): readonly string[] {
  return textsAt({ in: where, name }, head, '')
}

function originalUrl({ scheme, authority }: ForwardedFacts, uri: string): string {
  return `${scheme}://${authority}${uri}`
}

/** As oauth2-proxy reads it. */
function signInUrl(signIn: string, from: string): string {
  return `${signIn}${signIn.includes('?') ? '&' : '?'}rd=${encodeURIComponent(from)}`
}

/** What could be read in two ways is left out (RFC 9110 §5.5): platforms differ in how they read it. */
const PLAIN = /^[\t\x20-\x7e]*$/

function valuesOf(fields: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1] ?? ''
    if (fields[i]?.toLowerCase() === name.toLowerCase() && PLAIN.test(value)) values.push(value)
  }
  return values
}
