import type { ForwardedFacts } from '../../../src/forward/headers.ts'
import { backendAddresses, backendPort } from '../workload.ts'

const endpoints = backendAddresses.map((address) => ({
  key: `${address}:${backendPort}`,
  address,
  port: backendPort,
}))
const [first, second] = endpoints
let turn = 0

export function nextEndpoint() {
  const endpoint = turn++ % 2 === 0 ? first : second
  if (endpoint === undefined) throw new Error('Cannot choose an endpoint: there are two')
  return endpoint
}

/** What the sketch adds to a request. */
export function factsOf(fields: readonly string[]): ForwardedFacts {
  return {
    authority: fields[1] ?? '',
    hostRewrite: undefined,
    peerAddress: '10.0.0.1',
    clientAddress: '10.0.0.1',
    scheme: 'http',
    isTrusted: false,
    strippedPrefix: undefined,
    claims: undefined,
    requestId: '0af7651916cd43dd8448eb211c80319c',
    maxForwards: undefined,
    httpVersion: '1.1',
  }
}
