import type { RequestStart } from '../../src/telemetry/observer.ts'

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
export const PARENT_ID = 'b7ad6b7169203331'
export const SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-01`

/** A request's head as a stranger sends it. */
export const start: RequestStart = {
  method: 'GET',
  host: 'shop.example.com',
  path: '/api/carts/7',
  scheme: 'https',
  httpVersion: '1.1',
  clientAddress: '203.0.113.9',
  peerAddress: '10.0.0.1',
  userAgent: 'curl/8',
  traceparent: undefined,
  tracestate: undefined,
  isTrusted: false,
  requestId: undefined,
}
