import type { Timers } from '../model/clock.ts'
import type { AttemptFailure } from './attempt.ts'
import type { EndpointFetch, EndpointPlace, FetchAttempt } from './endpoint-fetch.ts'
import { nodeAddress } from './fetch-dialer.ts'
import type { Connect } from './socket.ts'
import { fetchOverSocket } from './socket-fetch.ts'

export interface SocketDialerOptions {
  /** Opens connections to Pods; undefined where the platform gives no way to their network. */
  readonly pods: Connect | undefined
  readonly nodes: Connect | undefined
  readonly external: Connect | undefined
  /** Opens connections to names outside over TLS, verified as that name. */
  readonly externalTls: Connect | undefined
  /** Public names of nodes, as {@link FetchDialerOptions.nodeHost}. */
  readonly nodeHost: string | undefined
  readonly connectTimeoutMs: number
  readonly timers: Timers
  /** Carries upgrades: only the platform's own fetch can join a client with an endpoint. */
  readonly upgrades: EndpointFetch
}

/**
 * Reaches endpoints over sockets, with HTTP/1.1 of our own: the application sees the Host that the client wrote, and a
 * refused connection is known from a broken one. A connection a request: it costs more than `fetch`.
 */
export class SocketDialer implements EndpointFetch {
  readonly keepsHost = true
  readonly givesRawBodies = true
  readonly #options: SocketDialerOptions

  constructor(options: SocketDialerOptions) {
    this.#options = options
  }

  canReach(kind: EndpointPlace['kind']): boolean {
    return this.#connectFor(kind) !== undefined
  }

  async fetch(
    place: EndpointPlace,
    request: FetchAttempt,
    signal: AbortSignal,
  ): Promise<Response | AttemptFailure> {
    const connect = place.isTls ? this.#tlsFor(place.kind) : this.#connectFor(place.kind)
    if (connect === undefined) return { code: 'platform-unsupported', wasSent: false, cause: undefined }
    if (request.upgrade !== undefined) return await this.#options.upgrades.fetch(place, request, signal)
    const address = nodeAddress(place, this.#options.nodeHost)
    const { timers, connectTimeoutMs } = this.#options
    const options = { connect, connectTimeoutMs, timers, signal, onHint: () => {} }
    const result = await fetchOverSocket({ ...request, address }, options)
    switch (result.kind) {
      case 'failed':
        return result.failure
      case 'upgrade':
        result.socket.close()
        return { code: 'response-invalid', wasSent: true, cause: new Error('101 was not asked for') }
      case 'response':
        return responseOf(result.status, result.headers, result.body)
    }
  }

  /** An address cannot be verified by the platform: only names outside are dialled as themselves. */
  #tlsFor(kind: EndpointPlace['kind']): Connect | undefined {
    return kind === 'external' ? this.#options.externalTls : undefined
  }

  #connectFor(kind: EndpointPlace['kind']): Connect | undefined {
    const { pods, nodes, external } = this.#options
    return { pod: pods, node: nodes, external }[kind]
  }
}

function responseOf(
  status: number,
  fields: readonly string[],
  body: ReadableStream<Uint8Array> | null,
): Response | AttemptFailure {
  try {
    const headers = new Headers()
    for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i] ?? '', fields[i + 1] ?? '')
    // The body is as it came: the platform must not encode what is encoded.
    const init = { status, headers, encodeBody: 'manual' } as const
    return new Response(body, init)
  } catch (cause) {
    return { code: 'response-invalid', wasSent: true, cause }
  }
}
