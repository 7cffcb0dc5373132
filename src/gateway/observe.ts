import type { ForwardedFacts } from '../forward/headers.ts'
import type { Peer } from '../identity/identify.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { PathMatch } from '../model/records.ts'
import type { Observer, RequestObserver } from '../telemetry/observer.ts'
import type { Forward, Plan, RequestHead } from './road.ts'

/** A plan, or why there is none. */
export type Decided = Plan | ErrorCode

/** Begins to follow a request, with all that is known once it has been planned. */
export function observeRequest(
  observer: Observer,
  head: RequestHead,
  httpVersion: string,
  peer: Peer,
  decided: Decided,
): RequestObserver {
  const passage = typeof decided === 'string' ? undefined : decided.passage
  const following = observer.request({
    method: head.method,
    host: passage?.host ?? '',
    path: passage?.path ?? '',
    scheme: passage?.client.scheme ?? peer.scheme,
    httpVersion,
    clientAddress: passage?.client.address ?? peer.address,
    peerAddress: peer.address,
    userAgent: head.field('user-agent'),
    traceparent: head.field('traceparent'),
    tracestate: head.field('tracestate'),
    isTrusted: peer.isTrusted,
    requestId: head.field('x-request-id'),
    ...(peer.tls && { tls: peer.tls }),
  })
  if (passage?.route !== undefined) {
    const { cluster, isReported } = passage
    const { host, rule } = passage.route
    following.routed({
      routeHost: host,
      routePath: formatRoutePath(rule.path),
      origin: rule.origin,
      cluster,
      ...(isReported && { isReported }),
    })
  }
  return following
}

/** `/api`, or `/api/*` for all below it. */
function formatRoutePath({ type, value }: PathMatch): string {
  if (type === 'exact') return value
  return value === '/' ? '/*' : `${value.endsWith('/') ? value.slice(0, -1) : value}/*`
}

/** What of a plan is told. */
type Told = Pick<
  Forward,
  'authority' | 'hostRewrite' | 'passage' | 'strippedPrefix' | 'claims' | 'clientCertificate' | 'maxForwards'
>

/** What the endpoint is told of the client and of us. */
export function forwardedFacts(
  { authority, hostRewrite, passage, strippedPrefix, claims, clientCertificate, maxForwards }: Told,
  peer: Peer,
  requestId: string,
  httpVersion: string,
): ForwardedFacts {
  const { client } = passage
  const isNamed = client.isByForwarded && client.address !== peer.address
  return {
    authority,
    hostRewrite,
    // What the proxy did not write is replaced by what it did.
    peerAddress: isNamed ? `${client.address}, ${peer.address}` : peer.address,
    clientAddress: client.address,
    scheme: client.scheme,
    isTrusted: peer.isTrusted && client.isByForwarded !== true,
    strippedPrefix,
    claims,
    clientCertificate,
    requestId,
    httpVersion,
    maxForwards,
  }
}

/** A request's target as it may be told: a query can hold a token. */
export function withoutQuery(target: string): string {
  return target.split('?', 1)[0] ?? ''
}
