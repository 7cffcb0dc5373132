import { formatAuthority } from '../model/host.ts'
import type { AttemptFailure } from './attempt.ts'
import type { EndpointFetch, EndpointPlace, FetchAttempt } from './endpoint-fetch.ts'

export type PlatformFetch = (url: string, init: RequestInit) => Promise<Response>

export interface FetchDialerOptions {
  /** Reaches `http://address:port` of Pods; undefined where the platform gives no way to their network. */
  readonly pods: PlatformFetch | undefined
  /** Reaches nodes; undefined likewise. */
  readonly nodes: PlatformFetch | undefined
  /** Reaches names on the public internet, and nothing else; undefined likewise. */
  readonly external: PlatformFetch | undefined
  /** Public names of nodes, with `{node}` for the Node's own: platforms refuse bare addresses. Undefined: the address. */
  readonly nodeHost: string | undefined
}

/**
 * Reaches endpoints by the platform's `fetch`: pooled HTTP/1.1. Host is always that of the URL, trailers are lost, and a
 * connection that was refused looks like one that broke.
 */
export class FetchDialer implements EndpointFetch {
  readonly keepsHost = false
  readonly givesRawBodies = false
  readonly #options: FetchDialerOptions

  constructor(options: FetchDialerOptions) {
    this.#options = options
  }

  canReach(kind: EndpointPlace['kind']): boolean {
    return this.#fetchFor(kind) !== undefined
  }

  async fetch(
    place: EndpointPlace,
    request: FetchAttempt,
    signal: AbortSignal,
  ): Promise<Response | AttemptFailure> {
    const fetch = this.#fetchFor(place.kind)
    if (fetch === undefined) return { code: 'platform-unsupported', wasSent: false, cause: undefined }
    try {
      return await fetch(
        `${place.isTls ? 'https' : 'http'}://${authorityOf(place, this.#options.nodeHost)}${asUrlPath(request.path)}`,
        initOf(request, signal),
      )
    } catch (cause) {
      return { code: 'connection-lost', wasSent: true, cause }
    }
  }

  #fetchFor(kind: EndpointPlace['kind']): PlatformFetch | undefined {
    const { pods, nodes, external } = this.#options
    return { pod: pods, node: nodes, external }[kind]
  }
}

/** How a platform may reach an endpoint: a node by its public name where there is one, all others by their address. */
export function nodeAddress({ kind, address, node }: EndpointPlace, nodeHost: string | undefined): string {
  if (kind !== 'node' || nodeHost === undefined || node === undefined) return address
  return nodeHost.replaceAll('{node}', node)
}

function authorityOf(place: EndpointPlace, nodeHost: string | undefined): string {
  return formatAuthority(nodeAddress(place, nodeHost), place.port)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a URL parser would drop
const NOT_KEPT = /[\\\x00-\x20\x7f]/g

/**
 * A path that a URL parser leaves as it is: it would read a backslash as a slash, drop control characters, and then
 * take out dot segments that no rule has seen.
 */
function asUrlPath(path: string): string {
  return path.replace(
    NOT_KEPT,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

function initOf({ method, headers, body, upgrade }: FetchAttempt, signal: AbortSignal): RequestInit {
  const fields = new Headers()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    // The URL's is sent anyway, and Node's fetch would send both.
    if (headers[i] !== 'Host') fields.append(headers[i] ?? '', headers[i + 1] ?? '')
  }
  if (upgrade !== undefined) fields.set('Upgrade', upgrade)
  // Redirects are the client's to follow. Node's fetch wants `duplex` for a body that streams; others know no other way.
  const streaming = body === null ? {} : { body, duplex: 'half' }
  return { method, headers: fields, redirect: 'manual', signal, ...streaming }
}
