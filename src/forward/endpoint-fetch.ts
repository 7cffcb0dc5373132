import type { AttemptFailure, AttemptRequest } from './attempt.ts'

/** Where an endpoint is, in every way that a platform may need. */
export interface EndpointPlace {
  readonly address: string
  readonly port: number
  readonly node: string | undefined
  /** `external`: a name on the public internet. */
  readonly kind: 'pod' | 'node' | 'external'
  /** Over TLS: verified by the platform, as the name that is dialled. */
  readonly isTls: boolean
}

export type FetchAttempt = AttemptRequest<ReadableStream<Uint8Array>>

/** One way to reach endpoints on a platform that has no sockets of Node's, but requests and responses of the web. */
export interface EndpointFetch {
  /** Whether the endpoint sees the Host that the client wrote. */
  readonly keepsHost: boolean
  /** Bodies come as the endpoint sent them. Otherwise the platform decodes an encoded one as soon as it is read. */
  readonly givesRawBodies: boolean
  /** Whether endpoints of a kind can be reached at all. */
  canReach(kind: EndpointPlace['kind']): boolean
  /** Resolves with the response's head. Never rejects. A response of status 101 is joined by handing it on as it is. */
  fetch(place: EndpointPlace, request: FetchAttempt, signal: AbortSignal): Promise<Response | AttemptFailure>
}
