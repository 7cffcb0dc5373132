import type { ErrorCode } from '../model/errors.ts'
import type { GivenAnswer } from './access/auth-call.ts'

/** RFC 6750 §3.1; undefined: no token came, so that there is nothing to say of it. */
interface Challenge {
  readonly error: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | undefined
  readonly description: string
}

/** No scheme of HTTP's registry: what peers write. */
const API_KEY = 'ApiKey realm="postern"'

interface ErrorResponse {
  readonly status: number
  /** Error type of RFC 9209 §2.3; undefined where there is no error. */
  readonly proxyError: string | undefined
  /** How the client may do better (RFC 6750 §3). */
  readonly challenge?: Challenge | typeof API_KEY
}

function refusedToken(status: number, error: Challenge['error'], description: string): ErrorResponse {
  return { status, proxyError: 'http_request_denied', challenge: { error, description } }
}

/** The one place that turns an error into a response. Clients learn this and no more. */
export const responses: Readonly<Record<ErrorCode, ErrorResponse>> = {
  'request-invalid': { status: 400, proxyError: 'http_request_error' },
  // RFC 9112 §3.
  'request-target-too-long': { status: 414, proxyError: 'http_request_error' },
  'request-head-too-large': { status: 431, proxyError: 'http_request_error' },
  'request-body-too-large': { status: 413, proxyError: 'http_request_error' },
  'request-timeout': { status: 408, proxyError: 'http_request_error' },
  // RFC 9112 §6.1.
  'coding-unsupported': { status: 501, proxyError: 'http_request_error' },
  // RFC 9110 §10.1.1.
  'expectation-unknown': { status: 417, proxyError: 'http_request_error' },
  'loop-detected': { status: 508, proxyError: 'proxy_loop_detected' },
  // RFC 9110 §7.6.2: a gateway that may not forward any further is the one that answers.
  'forwards-spent': { status: 200, proxyError: undefined },
  // RFC 8555 §8.3: a certificate authority has what it asked for.
  'challenge-answered': { status: 200, proxyError: undefined },
  'method-refused': { status: 405, proxyError: 'http_request_denied' },
  // The client comes again by https, with the same method and body (RFC 9110 §15.4.9).
  'tls-required': { status: 308, proxyError: undefined },
  // Its connection was negotiated for another host: it comes again on one of its own (RFC 9110 §15.5.20).
  misdirected: { status: 421, proxyError: 'http_request_denied' },
  'client-certificate-missing': { status: 403, proxyError: 'http_request_denied' },
  'client-refused': { status: 403, proxyError: 'http_request_denied' },
  'token-missing': refusedToken(401, undefined, ''),
  'token-unclear': refusedToken(400, 'invalid_request', 'there is not exactly one token that can be read'),
  'token-invalid': refusedToken(401, 'invalid_token', 'the token cannot be verified'),
  'token-expired': refusedToken(401, 'invalid_token', 'the token has expired'),
  'token-early': refusedToken(401, 'invalid_token', 'the token does not hold yet'),
  'token-audience-wrong': refusedToken(401, 'invalid_token', 'the token is for another audience'),
  'token-claims-missing': refusedToken(403, 'insufficient_scope', 'the token lacks a claim that is needed'),
  // Nobody can say whether the token is good.
  'token-keys-missing': { status: 503, proxyError: 'proxy_configuration_error' },
  'key-missing': { status: 401, proxyError: 'http_request_denied', challenge: API_KEY },
  'key-unclear': { status: 400, proxyError: 'http_request_error' },
  'key-invalid': { status: 401, proxyError: 'http_request_denied', challenge: API_KEY },
  // The challenge has the Service's own realm: the plan brings it.
  'password-missing': { status: 401, proxyError: 'http_request_denied' },
  'password-invalid': { status: 401, proxyError: 'http_request_denied' },
  // What clients would be compared with is not there, or cannot be opened.
  'credential-missing': { status: 503, proxyError: 'proxy_configuration_error' },
  // Whom the Service asks has said no; mostly in its own words.
  'auth-refused': { status: 403, proxyError: 'http_request_denied' },
  'auth-unavailable': { status: 503, proxyError: 'proxy_internal_error' },
  'checks-busy': { status: 503, proxyError: 'proxy_internal_error' },
  'host-unknown': { status: 404, proxyError: 'destination_not_found' },
  'path-unknown': { status: 404, proxyError: 'destination_not_found' },
  'rule-unavailable': { status: 503, proxyError: 'proxy_configuration_error' },
  'concurrency-exceeded': { status: 503, proxyError: 'connection_limit_reached' },
  // RFC 6585 §4.
  'rate-exceeded': { status: 429, proxyError: 'http_request_denied' },
  // A limit that all gateways keep together, while they cannot.
  'rate-unavailable': { status: 503, proxyError: 'proxy_internal_error' },
  // The certificates by which endpoints are known, or the one that they ask for, are not there or cannot be used.
  'backend-tls-unavailable': { status: 503, proxyError: 'proxy_configuration_error' },
  // What the runtime that this gateway runs on cannot do; a problem on the Service says what.
  'platform-unsupported': { status: 501, proxyError: 'proxy_configuration_error' },
  // Nobody has said for too long whose the Pods' addresses are.
  'registry-stale': { status: 503, proxyError: 'destination_unavailable' },
  'endpoints-none': { status: 503, proxyError: 'destination_unavailable' },
  'connect-refused': { status: 502, proxyError: 'connection_refused' },
  'connect-timeout': { status: 504, proxyError: 'connection_timeout' },
  'endpoint-unreachable': { status: 502, proxyError: 'destination_ip_unroutable' },
  'tls-certificate-error': { status: 502, proxyError: 'tls_certificate_error' },
  'tls-protocol-error': { status: 502, proxyError: 'tls_protocol_error' },
  'tls-alert-received': { status: 502, proxyError: 'tls_alert_received' },
  'connection-lost': { status: 502, proxyError: 'connection_terminated' },
  'response-invalid': { status: 502, proxyError: 'http_protocol_error' },
  'response-timeout': { status: 504, proxyError: 'http_response_timeout' },
  'response-incomplete': { status: 502, proxyError: 'http_response_incomplete' },
  // Never sent: nobody is there to read it. The number is nginx's, for the log.
  'client-closed': { status: 499, proxyError: 'http_request_error' },
  internal: { status: 500, proxyError: 'proxy_internal_error' },
}

export interface ErrorReply {
  readonly status: number
  /** [name, value, …] */
  readonly headers: readonly string[]
  readonly body: string | Uint8Array<ArrayBuffer>
}

/** Errors that may be over in a moment. */
const SOON: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'concurrency-exceeded',
  'rate-unavailable',
  'checks-busy',
  'auth-unavailable',
])

const ALLOW = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/**
 * An error as a response: status, Proxy-Status (RFC 9209), the request's id, and one line of text.
 *
 * @param fields what else the client is told of this error, as [name, value, …]
 * @param given the answer of somebody else, instead of ours: of whom the Service asks about its clients, or of the agent to a certificate authority
 */
export function errorReply(
  error: ErrorCode,
  requestId: string,
  fields: readonly string[] = [],
  given?: GivenAnswer,
): ErrorReply {
  const { status, proxyError, challenge } = responses[error]
  if (given !== undefined) return givenReply(given, proxyError, requestId)
  const body = `postern: ${proxyError ?? 'ok'}\n`
  const headers = [
    ...['Content-Type', 'text/plain; charset=utf-8'],
    ...['Content-Length', `${body.length}`],
    ...['Cache-Control', 'no-store'],
    ...fields,
  ]
  if (proxyError !== undefined) headers.push('Proxy-Status', `postern; error=${proxyError}`)
  if (challenge !== undefined) headers.push('WWW-Authenticate', challengeOf(challenge))
  if (requestId !== '') headers.push('X-Request-Id', requestId)
  if (SOON.has(error)) headers.push('Retry-After', '1')
  if (error === 'method-refused' || error === 'forwards-spent') headers.push('Allow', ALLOW)
  return { status, headers, body }
}

function givenReply(
  { status, fields, body }: GivenAnswer,
  proxyError: string | undefined,
  requestId: string,
): ErrorReply {
  const headers = [...fields, 'Content-Length', `${body.length}`, 'Cache-Control', 'no-store']
  if (proxyError !== undefined) headers.push('Proxy-Status', `postern; error=${proxyError}`)
  if (requestId !== '') headers.push('X-Request-Id', requestId)
  return { status, headers, body }
}

function challengeOf(challenge: Challenge | typeof API_KEY): string {
  if (typeof challenge === 'string') return challenge
  const { error, description } = challenge
  const bearer = 'Bearer realm="postern"'
  return error === undefined ? bearer : `${bearer}, error="${error}", error_description="${description}"`
}
