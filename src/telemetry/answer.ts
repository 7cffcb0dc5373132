import type { AccessLogEntry } from './access-log.ts'
import { formatIsoTime } from './iso-time.ts'
import type { EndpointFacts, RequestEnd, RequestStart, RouteFacts } from './observer.ts'

/** What an observer knows of a request besides its end. */
export interface RequestStory {
  /** Bounded already. */
  readonly start: RequestStart
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly requestId: string
  readonly traceId: string
  readonly route: RouteFacts | undefined
  /** Of the last attempt. */
  readonly endpoint: EndpointFacts | undefined
  readonly attempts: number
}

/** The access log's line for a request that has ended. */
export function describeAnswer(story: RequestStory, end: RequestEnd, durationMs: number): AccessLogEntry {
  const { start, startedAt, requestId, traceId, route, endpoint, attempts } = story
  return {
    time: formatIsoTime(startedAt),
    requestId,
    traceId,
    client: start.clientAddress,
    peer: start.peerAddress,
    method: start.method,
    scheme: start.scheme,
    host: start.host,
    path: start.path,
    protocol: `HTTP/${start.httpVersion}`,
    tls: start.tls?.version,
    cipher: start.tls?.cipher,
    status: end.status,
    error: end.error,
    durationMs: Math.round(durationMs * 1000) / 1000,
    bytesReceived: end.bytesReceived,
    bytesSent: end.bytesSent,
    route: route?.routePath,
    cluster: route?.cluster,
    networkPolicy: route?.isReported && 'refused',
    service: route && `${route.origin.namespace}/${route.origin.name}`,
    endpoint: endpoint?.key,
    pod: endpoint?.pod,
    attempts,
    userAgent: start.userAgent,
  }
}
