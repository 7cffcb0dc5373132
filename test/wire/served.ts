import { RawClient } from '../support/raw-client.ts'
import { Recorder, startWireServer, type WireServer, type WireServerOptions } from '../support/wire-server.ts'

export interface Served {
  readonly server: WireServer
  readonly client: RawClient
  /** The requests so far, oldest first. */
  readonly requests: readonly Recorder[]
  /** The next request that nobody has asked for yet. */
  next(): Promise<Recorder>
  close(): Promise<void>
}

/** A server and one client. Each request is recorded, and answered by the test. */
export async function serve(options?: WireServerOptions): Promise<Served> {
  const requests: Recorder[] = []
  let asked = 0
  let onRequest = (): void => {}
  const server = await startWireServer((exchange) => {
    requests.push(new Recorder(exchange))
    onRequest()
  }, options)
  const { tls } = options ?? {}
  const client = await RawClient.connect(server.port, tls && { ca: tls.ca })
  return {
    server,
    client,
    requests,
    next: async () => {
      const place = asked++
      for (;;) {
        const request = requests[place]
        if (request !== undefined) return request
        await new Promise<void>((resolve) => {
          onRequest = resolve
        })
      }
    },
    close: () => {
      client.leave()
      return server.close()
    },
  }
}

export const GET = (target = '/', fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
export const POST = (fields: string, body = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`
export const OK = (body: string, fields = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`
