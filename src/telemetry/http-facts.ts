import type { Attributes } from '@opentelemetry/api'
import type { ErrorCode } from '../model/errors.ts'
import { boundValue, MAX_VALUE_LENGTH } from './access-log.ts'
import { attribute } from './names.ts'
import type { EndpointFacts, RequestStart, RouteFacts } from './observer.ts'

/** `http.request.method` of what the conventions do not know. */
export const OTHER_METHOD = '_OTHER'

const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
])

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

/** Errors that are the client's doing: the gateway did its work. */
const CLIENT_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'request-invalid',
  'request-target-too-long',
  'request-head-too-large',
  'request-body-too-large',
  'rate-exceeded',
  'request-timeout',
  'coding-unsupported',
  'expectation-unknown',
  'method-refused',
  'forwards-spent',
  'tls-required',
  'misdirected',
  'client-certificate-missing',
  'challenge-answered',
  'client-refused',
  'host-unknown',
  'path-unknown',
  'token-missing',
  'token-unclear',
  'token-invalid',
  'token-expired',
  'token-early',
  'token-audience-wrong',
  'token-claims-missing',
  'key-missing',
  'key-unclear',
  'key-invalid',
  'password-missing',
  'password-invalid',
  'auth-refused',
  'client-closed',
])

/** A method that is low in cardinality, whatever the client sent. */
export function normalizeMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : OTHER_METHOD
}

/** The start with what the client wrote bounded, and no query whatever the caller left in the path. */
export function boundStart(start: RequestStart): RequestStart {
  const query = start.path.indexOf('?')
  if (query === -1 && isBounded(start)) return start
  return {
    ...start,
    method: boundValue(start.method),
    host: boundValue(start.host),
    path: boundValue(query === -1 ? start.path : start.path.slice(0, query)),
    userAgent: start.userAgent === undefined ? undefined : boundValue(start.userAgent),
  }
}

function isBounded({ method, host, path, userAgent = '' }: RequestStart): boolean {
  const longest = Math.max(method.length, host.length, path.length, userAgent.length)
  return longest <= MAX_VALUE_LENGTH
}

/** Attributes of the SERVER span that the head gives. */
export function describeRequest(start: RequestStart, method: string): Attributes {
  return {
    [attribute.method]: method,
    ...(method === start.method ? {} : { [attribute.methodOriginal]: start.method }),
    [attribute.scheme]: start.scheme,
    [attribute.path]: start.path,
    ...(start.host === '' ? {} : { [attribute.serverAddress]: start.host }),
    [attribute.clientAddress]: start.clientAddress,
    [attribute.peerAddress]: start.peerAddress,
    [attribute.protocolVersion]: start.httpVersion,
    ...(start.userAgent === undefined ? {} : { [attribute.userAgent]: start.userAgent }),
    ...(start.tls && {
      [attribute.tlsVersion]: start.tls.version.replace('TLSv', ''),
      [attribute.tlsCipher]: start.tls.cipher,
    }),
  }
}

/** Name of a span: low in cardinality, whatever the client sent. */
export function spanName(method: string, routePath?: string): string {
  const name = method === OTHER_METHOD ? 'HTTP' : method
  return routePath === undefined ? name : `${name} ${routePath}`
}

/** The request's id as a trusted proxy gave it. */
export function trustedRequestId({ isTrusted, requestId }: RequestStart): string | undefined {
  return isTrusted && requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : undefined
}

/** Attributes of spans and metrics that the route gives. */
export function describeRoute(facts: RouteFacts): Attributes {
  const attributes = {
    [attribute.route]: facts.routePath,
    [attribute.namespace]: facts.origin.namespace,
    [attribute.service]: facts.origin.name,
    ...(facts.isReported && { [attribute.reported]: true }),
  }
  return facts.cluster === undefined ? attributes : { ...attributes, [attribute.cluster]: facts.cluster }
}

/** Attributes of an attempt's CLIENT span. `resendCount` is 0 for the first. */
export function describeAttempt(endpoint: EndpointFacts, method: string, resendCount: number): Attributes {
  return {
    [attribute.method]: method,
    [attribute.serverAddress]: endpoint.address,
    [attribute.serverPort]: endpoint.port,
    ...(resendCount > 0 ? { [attribute.resendCount]: resendCount } : {}),
    ...(endpoint.pod === undefined ? {} : { [attribute.pod]: endpoint.pod }),
    ...(endpoint.node === undefined ? {} : { [attribute.node]: endpoint.node }),
  }
}

/** Attributes of an outcome. From `failsFrom` on, a status without an error of ours is an error too. */
export function describeOutcome(status: number, error: ErrorCode | undefined, failsFrom: number): Attributes {
  const errorType = error ?? (status >= failsFrom ? String(status) : undefined)
  return {
    ...(status > 0 ? { [attribute.status]: status } : {}),
    ...(errorType === undefined ? {} : { [attribute.errorType]: errorType }),
  }
}

/** Why an attempt failed, in the words of whoever found it: for operators alone. */
export function describeCause(cause: unknown): Attributes {
  return cause instanceof Error ? { [attribute.errorMessage]: boundValue(cause.message) } : {}
}

/** Whether the answer is the gateway's or the endpoint's fault, not the client's. */
export function isServerFault(status: number, error: ErrorCode | undefined): boolean {
  return status >= 500 || (error !== undefined && !CLIENT_FAULTS.has(error))
}
