import { expect, test } from 'vitest'
import { serviceYaml, startGateway } from '../support/gateway.ts'
import { sendRaw, startTcp } from '../support/http.ts'

test('a length with zeros before it is that length, both ways, and goes on without them', async () => {
  let received = ''
  const pod = await startTcp((socket) =>
    socket.on('data', (chunk) => {
      received += chunk
      if (received.endsWith('hello')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0002\r\n\r\nok')
    }),
  )
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }))
  const head =
    'POST / HTTP/1.1\r\nHost: web.shop.example.test\r\nConnection: close\r\nContent-Length: 005\r\n\r\n'
  const answer = await sendRaw(gateway.port, `${head}hello`)
  await gateway.close()
  await pod.close()
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nContent-Length: 2\r\n[\s\S]*\r\n\r\nok$/)
  expect(received.match(/content-length.*/gi)).toEqual(['Content-Length: 5'])
})
