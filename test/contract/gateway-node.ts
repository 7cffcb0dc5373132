import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import type { OpenResponse, RunningShell, Shell, ShellRequest } from './gateway-shell.ts'

/** A client of a gateway that listens on a port. */
export function socketClient(port: number): Pick<RunningShell, 'send' | 'open' | 'port'> {
  return {
    port,
    send: (options = {}) => send({ ...options, port }),
    open: (options = {}, upload) => open(port, options, upload),
  }
}

async function open(
  port: number,
  { host = 'web.shop.example.test', method = 'GET', path = '/', headers = {} }: ShellRequest,
  upload?: AsyncIterable<string>,
): Promise<OpenResponse> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { host, ...headers },
    agent: false,
  })
  outgoing.on('error', () => {})
  void sendParts(outgoing, upload)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const chunks = response[Symbol.asyncIterator]()
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next: async () => {
      const { value, done } = await chunks.next()
      return done ? undefined : String(value)
    },
    leave: () => void response.destroy(),
  }
}

async function sendParts(
  outgoing: ReturnType<typeof request>,
  upload: AsyncIterable<string> = none(),
): Promise<void> {
  for await (const part of upload) outgoing.write(part)
  outgoing.end()
}

async function* none(): AsyncIterable<string> {}

/** The gateway on Node sockets, over a table in this process. */
export const nodeShell: Shell = {
  name: 'Node sockets',
  start: async (yaml) => {
    const gateway = await startGateway(yaml)
    return {
      ...socketClient(gateway.port),
      publish: async (next) => gateway.use(next),
      close: gateway.close,
    }
  },
}
