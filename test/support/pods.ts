import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'

/** Whether 10.244.0.0/16 is ours: `npm test` makes it local in a network namespace. */
export const hasPodNetwork = process.env.POSTERN_TEST_NETNS === '1'
if (!hasPodNetwork) console.log('skipped: no network namespace of our own, so no Pod addresses')

/** Real HTTP servers on the addresses of Pods. */
export class PodServers {
  readonly #servers = new Map<string, Server>()
  readonly #isOwn: (pod: string, host: string) => boolean

  /** @param isOwn whether a request for that host is meant for that Pod; where it is not, the answer is 421. */
  constructor(isOwn: (pod: string, host: string) => boolean = () => true) {
    this.#isOwn = isOwn
  }

  /** Serves on a Pod's own address; by default every answer is 200 and names the Pod. */
  async start(pod: string, address: string, port: number, listener?: RequestListener): Promise<void> {
    const server = createServer(
      listener ??
        ((request, response) => {
          request.resume()
          leaveIfClosing(server, response)
          response.statusCode = this.#isOwn(pod, request.headers.host ?? '') ? 200 : 421
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({ pod, port, path: request.url }))
        }),
    )
    server.keepAliveTimeout = 60_000
    server.listen(port, address)
    await once(server, 'listening')
    this.#servers.set(`${address}:${port}`, server)
  }

  has(address: string, port: number): boolean {
    return this.#servers.has(`${address}:${port}`)
  }

  /** As a Pod that is terminated: no new connections, requests under way end, idle connections close. */
  async end(address: string, port: number): Promise<void> {
    const server = this.#servers.get(`${address}:${port}`)
    if (server === undefined) return
    this.#servers.delete(`${address}:${port}`)
    const closed = once(server, 'close')
    server.close()
    server.closeIdleConnections()
    await closed
  }

  /** As a Pod that is killed. */
  async close(): Promise<void> {
    const servers = [...this.#servers.values()]
    this.#servers.clear()
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    await Promise.all(servers.map((server) => (server.listening ? once(server, 'close') : undefined)))
  }
}

function leaveIfClosing(server: Server, response: ServerResponse): void {
  if (!server.listening) response.setHeader('connection', 'close')
}
