import type { ErrorCode } from '../model/errors.ts'
import type { RuleOrigin } from '../model/records.ts'

/** What is known when a request's head has been read. */
export interface RequestStart {
  readonly method: string
  /** Hostname asked for, '' when there is none. */
  readonly host: string
  /** Path without the query. */
  readonly path: string
  readonly scheme: 'http' | 'https'
  /** `1.1` */
  readonly httpVersion: string
  /** The true client, as identity found it. */
  readonly clientAddress: string
  /** Who connected to us: the client, or a proxy in front. */
  readonly peerAddress: string
  readonly userAgent: string | undefined
  readonly traceparent: string | undefined
  readonly tracestate: string | undefined
  /** The peer is a trusted proxy: its request id and its sampling decision are kept. */
  readonly isTrusted: boolean
  readonly requestId: string | undefined
  /** How the connection was negotiated; absent: not here. */
  readonly tls?: { readonly version: string; readonly cipher: string }
}

/** What the route decided. */
export interface RouteFacts {
  readonly routeHost: string
  /** Path of the rule, for example `/api` or `/api/*`: low in cardinality, `http.route`. */
  readonly routePath: string
  readonly origin: RuleOrigin
  /** Whose route it is; undefined where a gateway serves one cluster only. */
  readonly cluster: string | undefined
  /** NetworkPolicies would have refused the client, were they enforced. */
  readonly isReported?: true
}

export interface EndpointFacts {
  /** `address:port`, with brackets around IPv6. */
  readonly key: string
  readonly address: string
  readonly port: number
  readonly pod: string | undefined
  readonly node: string | undefined
}

export interface RequestEnd {
  /** 0 when the client left before any answer. */
  readonly status: number
  readonly error: ErrorCode | undefined
  readonly bytesReceived: number
  readonly bytesSent: number
}

/** Follows one attempt. */
export interface AttemptObserver {
  /** Fields that carry the trace to the endpoint, as [name, value, …]. */
  readonly headers: readonly string[]
  /** @param cause what the error was made of, for operators */
  end(status: number | undefined, error: ErrorCode | undefined, cause?: unknown): void
}

/** Follows one request, from its head to its last byte. Never throws, never waits. */
export interface RequestObserver {
  /** 32 hexadecimal digits: the trace id, or what a trusted proxy gave. */
  readonly requestId: string
  routed(facts: RouteFacts): void
  attempt(endpoint: EndpointFacts): AttemptObserver
  end(end: RequestEnd): void
}

/** The gateway's eyes. One implementation over the OTel API; tests may count calls with another. */
export interface Observer {
  request(start: RequestStart): RequestObserver
}
