import type { AttemptFailure, AttemptRequest } from '../../src/forward/attempt.ts'
import type { Connect } from '../../src/forward/socket.ts'
import type { SocketFetchOptions, SocketFetchResult } from '../../src/forward/socket-exchange.ts'
import { fetchOverSocket } from '../../src/forward/socket-fetch.ts'
import { systemTimers } from '../../src/model/clock.node.ts'
import { TcpConnector } from './socket.ts'

export type WebRequest = AttemptRequest<ReadableStream<Uint8Array>>

export interface Change extends Partial<WebRequest>, Partial<Omit<SocketFetchOptions, 'connect'>> {
  readonly connect?: Connect
}

/** One exchange with a port of this machine, with what the test does not care about filled in. */
export function fetchFrom(port: number, change: Change = {}): Promise<SocketFetchResult> {
  const { connect, connectTimeoutMs, timers, signal, onHint, ...request } = change
  return fetchOverSocket(
    {
      address: '127.0.0.1',
      port,
      method: 'GET',
      path: '/',
      headers: ['Host', 'web.shop.example.test'],
      body: null,
      upgrade: undefined,
      isIdempotent: true,
      ...request,
    },
    {
      connect: connect ?? new TcpConnector().connect,
      connectTimeoutMs: connectTimeoutMs ?? 10_000,
      timers: timers ?? systemTimers,
      signal: signal ?? new AbortController().signal,
      onHint: onHint ?? (() => {}),
    },
  )
}

/** The result when it is a response. */
export function asResponse(result: SocketFetchResult): Extract<SocketFetchResult, { kind: 'response' }> {
  if (result.kind !== 'response') throw new Error(`not a response: ${JSON.stringify(result)}`)
  return result
}

/** Why it failed. */
export function failureOf(result: SocketFetchResult): AttemptFailure {
  if (result.kind !== 'failed') throw new Error(`did not fail: ${result.kind}`)
  return result.failure
}

export async function textOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  return body === null ? '' : new Response(body as BodyInit).text()
}

/** A body in these pieces, each given when it is asked for. */
export function bodyOf(...pieces: string[]): ReadableStream<Uint8Array> {
  const left = pieces.map((piece) => new TextEncoder().encode(piece))
  return new ReadableStream(
    {
      pull(controller) {
        const next = left.shift()
        if (next === undefined) controller.close()
        else controller.enqueue(next)
      },
    },
    { highWaterMark: 0 },
  )
}
