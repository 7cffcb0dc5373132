import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml } from '../support/gateway.ts'
import { echo, startHttp, startTcp } from '../support/http.ts'
import type { ShellCase } from './gateway-shell.ts'

/** What comes back from endpoints. */
export function responseTests({ start, differs, closers }: ShellCase): void {
  async function gatewayTo(listener: Parameters<typeof startHttp>[0]) {
    const pod = await startHttp(listener)
    closers.push(pod.close)
    return start(serviceYaml({ endpoints: [pod.port] }))
  }

  test('statuses without a body, and several cookies, come through', async () => {
    const gateway = await gatewayTo((request, response) => {
      if (request.url === '/204') return void response.writeHead(204).end()
      if (request.url === '/304') return void response.writeHead(304, { etag: '"a"' }).end()
      if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': '4' }).end()
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'], 'content-length': '4' }).end('body')
    })
    expect(await gateway.send({ path: '/204' })).toMatchObject({ status: 204, body: '' })
    expect(await gateway.send({ path: '/304' })).toMatchObject({ status: 304, headers: { etag: '"a"' } })
    const head = await gateway.send({ method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '4' } })
    const { body, headers } = await gateway.send()
    expect({ body, length: headers['content-length'] }).toEqual({ body: 'body', length: '4' })
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2'])
  })

  test('trailers', async () => {
    const gateway = await gatewayTo((_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' }).write('body')
      response.addTrailers({ 'x-sum': '42' })
      response.end()
    })
    const { body, trailers } = await gateway.send()
    expect({ body, trailers }).toEqual({
      body: 'body',
      trailers: differs('no-trailers') ? {} : { 'x-sum': '42' },
    })
  })

  test('gRPC is refused where it cannot work', async () => {
    const gateway = await gatewayTo(echo)
    const headers = { 'content-type': 'application/grpc+proto', 'content-length': '1' }
    const { status } = await gateway.send({ method: 'POST', headers, body: 'x' })
    expect(status).toBe(differs('no-grpc') ? 501 : 200)
  })

  test('a redirect is the client’s to follow', async () => {
    const gateway = await gatewayTo(
      (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
    )
    expect(await gateway.send()).toMatchObject({ status: 302, headers: { location: '/elsewhere' } })
  })

  test('an encoded body comes through as it was', async () => {
    const packed = gzipSync('hello '.repeat(1000))
    const gateway = await gatewayTo((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed)
    })
    const { headers, bytes } = await gateway.send({ headers: { 'accept-encoding': 'gzip' } })
    const text = differs('decoded') ? bytes.toString() : gunzipSync(bytes).toString()
    expect(text).toBe('hello '.repeat(1000))
    if (!differs('decoded')) {
      expect(headers['content-encoding']).toBe('gzip')
      expect(bytes.equals(packed)).toBe(true)
    }
  })

  test('a 204 goes without the length that its endpoint gave it', async () => {
    const head = 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-Kept: 1\r\n\r\n'
    const pod = await startTcp((socket) => socket.once('data', () => socket.write(head)))
    closers.push(pod.close)
    const gateway = await start(serviceYaml({ endpoints: [pod.port] }))
    const { status, headers } = await gateway.send()
    expect({ status, kept: headers['x-kept'] }).toEqual({ status: 204, kept: '1' })
    expect(headers).not.toHaveProperty('content-length')
  })

  test('a change of the registry moves the next requests', async () => {
    const gateway = await gatewayTo((_request, response) => void response.end('first'))
    const second = await startHttp((_request, response) => void response.end('second'))
    closers.push(second.close)
    expect((await gateway.send()).body).toBe('first')
    await gateway.publish(serviceYaml({ endpoints: [second.port] }))
    await waitFor(
      'the second',
      async () => (await gateway.send()).body,
      (body) => body === 'second',
    )
  })
}
