// The same over node:http and undici's dispatch.
import { createServer } from 'node:http'
import { requestHeaders } from '../../../src/forward/headers.ts'
import { UndiciDialer } from '../../../src/forward/undici-dialer.node.ts'
import { factsOf, nextEndpoint } from './work.ts'

const dialer = new UndiciDialer({ connectTimeoutMs: 5000 })
createServer((request, response) => {
  const { address, port } = nextEndpoint()
  const method = request.method ?? 'GET'
  const hasBody = request.headers['content-length'] !== undefined
  const attempt = dialer.attempt(
    {
      address,
      port,
      method,
      path: request.url ?? '/',
      headers: requestHeaders(request.rawHeaders, factsOf(request.rawHeaders), []),
      body: hasBody ? request : null,
      upgrade: undefined,
      isIdempotent: method === 'GET',
    },
    {
      onHint() {},
      onHead: (status, headers) => void response.writeHead(status, [...headers]),
      onData: (chunk) => response.write(chunk),
      onEnd: () => void response.end(),
      onUpgrade() {},
      onError: () => void response.destroy(),
    },
  )
  response.on('drain', () => attempt.resume())
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'))
