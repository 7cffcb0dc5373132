import { FetchDialer, type PlatformFetch } from '../../src/forward/fetch-dialer.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { parseConfig } from '../../workers/cloudflare/config.ts'
import { createGateway } from '../../workers/cloudflare/gateway.ts'
import { createTracing } from '../../workers/cloudflare/tracing.ts'
import { keyBindings } from '../support/keys.ts'
import { CLUSTER, publishBehindRelay } from '../support/published.ts'
import { systemFetch, TOKEN } from '../support/relay.ts'
import type { Shell, ShellRequest } from './gateway-shell.ts'

/** Node's fetch decodes a body, and leaves the fields that say how it was encoded. */
const decodingFetch: PlatformFetch = async (url, init) => {
  const response = await fetch(url, init)
  if (!response.headers.has('content-encoding')) return response
  const headers = new Headers(response.headers)
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  return new Response(response.body, { status: response.status, headers })
}

/** The Worker's gateway called as a function, with the fetch of Node to reach endpoints and a real relay. */
export const inProcessShell: Shell = {
  name: 'in-process',
  start: async (yaml) => {
    const published = await publishBehindRelay(yaml)
    const parsed = parseConfig({
      ...keyBindings,
      RELAY_URL: published.relay.url,
      RELAY_TOKEN: TOKEN,
      CLUSTER,
      REFRESH: '0s',
      JWKS_CIDRS: '127.0.0.0/8',
      JWKS_HTTP: 'on',
      AUTH_CIDRS: '127.0.0.0/8',
      AUTH_HTTP: 'on',
    })
    if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
    const parts = {
      fetch: systemFetch,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      print: () => {},
    }
    const { gateway } = createGateway(parsed.config, {
      ...parts,
      dialer: new FetchDialer({
        pods: decodingFetch,
        nodes: decodingFetch,
        external: undefined,
        nodeHost: undefined,
      }),
      pipe: () => new TransformStream<Uint8Array, Uint8Array>(),
      counter: undefined,
      ...createTracing(parsed.config, parts),
      onTrouble: (error) => {
        // An issuer or an auth server that is away is what a test is about.
        if (!/^Cannot (?:read the keys|ask)/.test(error.message)) throw error
      },
    })
    const left = new Set<Promise<unknown>>()
    const handle = (request: Request) =>
      gateway.handle(
        request,
        { clientAddress: '127.0.0.1', httpVersion: '1.1' },
        { waitUntil: (work) => void left.add(work) },
      )
    return {
      port: undefined,
      send: async (options = {}) => {
        const response = await handle(requestOf(options, options.body))
        const bytes = Buffer.from(await response.arrayBuffer())
        return { ...headOf(response), trailers: {}, body: bytes.toString(), bytes }
      },
      open: async (options = {}, upload) => {
        const leaving = new AbortController()
        const body = upload === undefined ? undefined : streamOf(upload)
        const response = await handle(requestOf(options, body, leaving.signal))
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
        return {
          ...headOf(response),
          next: async () => (await reader?.read())?.value,
          leave: () => {
            leaving.abort()
            reader?.cancel().catch(() => {})
          },
        }
      },
      publish: published.publish,
      close: async () => {
        await Promise.all(left)
        await published.close()
      },
    }
  },
}

function requestOf(
  { host = 'web.shop.example.test', method = 'GET', path = '/', headers = {} }: ShellRequest,
  body: BodyInit | undefined,
  signal?: AbortSignal,
): Request {
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
  const streaming = body === undefined ? {} : { body, duplex: 'half' }
  return new Request(`http://${host}${path}`, {
    method,
    headers: fields,
    signal: signal ?? null,
    ...streaming,
  })
}

function streamOf(parts: AsyncIterable<string>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  const iterator = parts[Symbol.asyncIterator]()
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
  })
}

function headOf({ status, headers }: Response) {
  const cookies = headers.getSetCookie()
  return {
    status,
    headers: { ...Object.fromEntries(headers), ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) },
  }
}
