import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Pod } from './objects.ts'

/** What a Pod answers, as JSON, on every path of each of its containers' TCP ports. */
export interface PodAnswer {
  readonly pod: string
  readonly namespace: string
  readonly node: string
  readonly labels: Readonly<Record<string, string>>
  readonly port: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bodyBytes: number
}

/** The application in a Pod. `?delay-ms=N` makes an answer take its time. */
export class PodServer {
  readonly address: string
  readonly #pod: Pod
  readonly #servers: readonly Server[]
  #isDraining = false
  #isClosing = false

  private constructor(pod: Pod, address: string, ports: readonly number[]) {
    this.address = address
    this.#pod = pod
    this.#servers = ports.map((port) => {
      const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
        this.#answer(port, request, response).catch(() => response.destroy())
      })
      return server
    })
  }

  /** Fails with EADDRINUSE where someone else has one of its ports at that address. */
  static async start(pod: Pod, address: string): Promise<PodServer> {
    const ports = portsOf(pod)
    const server = new PodServer(pod, address, ports)
    try {
      await Promise.all(
        server.#servers.map(async (part, index) => {
          part.listen(ports[index], address)
          await once(part, 'listening')
        }),
      )
    } catch (error) {
      server.destroy()
      throw error
    }
    return server
  }

  /** Goes on answering, and asks clients to connect elsewhere next time. */
  drain(): void {
    this.#isDraining = true
  }

  /** Accepts no more, finishes the requests under way, and cuts them off after `graceMs`. */
  async close(graceMs: number, signal: AbortSignal): Promise<void> {
    this.#isDraining = true
    this.#isClosing = true
    const closed = Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    )
    const settled = new AbortController()
    const limit = pause(graceMs, undefined, { signal: AbortSignal.any([settled.signal, signal]) })
    await Promise.race([closed, limit.catch(() => {})])
    settled.abort()
    this.destroy()
  }

  /** As a process that is killed. */
  destroy(): void {
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
  }

  async #answer(port: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A reply that began before the end was known left its connection open.
    response.once('close', () => {
      if (this.#isClosing) for (const server of this.#servers) server.closeIdleConnections()
    })
    let bodyBytes = 0
    for await (const chunk of request) bodyBytes += chunk.length
    const delay = /[?&]delay-ms=(\d+)/.exec(request.url ?? '')?.[1]
    if (delay !== undefined) await pause(Number(delay))
    if (this.#isDraining) response.setHeader('connection', 'close')
    response.setHeader('content-type', 'application/json')
    const { metadata, spec } = this.#pod
    const answer: PodAnswer = {
      pod: metadata.name,
      namespace: metadata.namespace,
      node: spec.nodeName ?? '',
      labels: metadata.labels,
      port,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      bodyBytes,
    }
    response.end(JSON.stringify(answer))
  }
}

function portsOf({ spec }: Pod): readonly number[] {
  const ports = spec.containers.flatMap((container) => container.ports)
  return [
    ...new Set(ports.filter(({ protocol }) => protocol === 'TCP').map(({ containerPort }) => containerPort)),
  ]
}
