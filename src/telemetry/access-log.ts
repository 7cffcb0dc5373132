import type { ErrorCode } from '../model/errors.ts'

/** One answered request. Undefined members are left out of the line. */
export interface AccessLogEntry {
  /** When the head had been read, ISO 8601. */
  readonly time: string
  readonly requestId: string
  readonly traceId: string
  readonly client: string
  readonly peer: string
  readonly method: string
  readonly scheme: string
  readonly host: string
  /** Without the query, which may hold secrets. */
  readonly path: string
  /** `HTTP/1.1` */
  readonly protocol: string
  /** `TLSv1.3`; undefined: the connection was plain. */
  readonly tls: string | undefined
  readonly cipher: string | undefined
  /** 0 when the client left before any answer. */
  readonly status: number
  readonly error: ErrorCode | undefined
  readonly durationMs: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly route: string | undefined
  /** Undefined where the gateway serves one only. */
  readonly cluster: string | undefined
  /** `refused`: what NetworkPolicies would have done, were they enforced. */
  readonly networkPolicy: 'refused' | undefined
  /** `namespace/name` */
  readonly service: string | undefined
  /** `address:port` of the last attempt. */
  readonly endpoint: string | undefined
  readonly pod: string | undefined
  readonly attempts: number
  readonly userAgent: string | undefined
}

export const MAX_VALUE_LENGTH = 1024

/** Nothing that JSON escapes, and nothing beyond ASCII. */
const PLAIN = /^[ !#-[\]-~]*$/

/**
 * One line of JSON in ASCII, without its line feed. What needs no escapes, as nearly all lines, is put together at a third of
 * the cost.
 */
export function formatAccessLog(entry: AccessLogEntry): string {
  if (!PLAIN.test(textsOf(entry))) return JSON.stringify(entry).replace(BEYOND_ASCII, escapeUnit)
  const { requestId, traceId, client, peer, method, scheme, host, path, protocol, tls, cipher } = entry
  const { status, error, durationMs, bytesReceived, bytesSent, attempts } = entry
  return (
    `{"time":"${entry.time}","requestId":"${requestId}","traceId":"${traceId}","client":"${client}","peer":"${peer}",` +
    `"method":"${method}","scheme":"${scheme}","host":"${host}","path":"${path}","protocol":"${protocol}"` +
    `${member('tls', tls)}${member('cipher', cipher)},"status":${status}${member('error', error)}` +
    `,"durationMs":${formatMillis(durationMs)},"bytesReceived":${bytesReceived},"bytesSent":${bytesSent}` +
    `${member('route', entry.route)}${member('cluster', entry.cluster)}${member('networkPolicy', entry.networkPolicy)}` +
    `${member('service', entry.service)}${member('endpoint', entry.endpoint)}${member('pod', entry.pod)}` +
    `,"attempts":${attempts}${member('userAgent', entry.userAgent)}}`
  )
}

const BEYOND_ASCII = /[\x7f-\uffff]/g

/** One code unit (RFC 8259 §7). */
function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function textsOf(entry: AccessLogEntry): string {
  const { time, requestId, traceId, client, peer, method, scheme, host, path, protocol } = entry
  const { tls = '', cipher = '', error = '', route = '', cluster = '', service = '' } = entry
  const { networkPolicy = '', endpoint = '', pod = '', userAgent = '' } = entry
  return (
    time +
    requestId +
    traceId +
    client +
    peer +
    method +
    scheme +
    host +
    path +
    protocol +
    tls +
    cipher +
    error +
    route +
    cluster +
    networkPolicy +
    service +
    endpoint +
    pod +
    userAgent
  )
}

/** As whole microseconds, which costs less than to find the shortest digits of a fraction. */
function formatMillis(ms: number): string {
  const micros = Math.round(ms * 1000)
  const whole = Math.floor(micros / 1000)
  return `${whole}.${String(micros - whole * 1000).padStart(3, '0')}`
}

function member(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":"${value}"`
}

/** Cuts what a client wrote, so that it cannot swell logs and traces. */
export function boundValue(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? text.slice(0, MAX_VALUE_LENGTH) : text
}
