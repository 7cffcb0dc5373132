import { Agent, type IncomingMessage, request } from 'node:http'
import { Duplex } from 'node:stream'

export interface NodeReading {
  readonly status: number
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

/** What node:http makes of the same bytes, or null when it takes them for no whole response. */
export function readWithNode(text: string): Promise<NodeReading | null> {
  const socket = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done()
      // Bytes that nobody has asked for are an error of their own.
      this.push(Buffer.from(text, 'latin1'))
      this.push(null)
    },
  })
  return new Promise((resolve) => {
    const agent = new Agent()
    agent.createConnection = () => socket
    const outgoing = request({ agent, host: 'a', maxHeaderSize: 16_384 })
    outgoing.on('error', () => resolve(null)).on('upgrade', () => resolve(null))
    outgoing.on('response', (response) => void readBody(response).then(resolve, () => resolve(null)))
    outgoing.end()
  })
}

async function readBody(response: IncomingMessage): Promise<NodeReading> {
  let body = ''
  for await (const chunk of response.setEncoding('latin1')) body += chunk
  return {
    status: response.statusCode ?? 0,
    fields: response.rawHeaders,
    body,
    trailers: response.rawTrailers,
  }
}
