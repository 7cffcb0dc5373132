import { request } from 'node:http'
import type { Subject } from '../peer.ts'
import { backendBody, files, hostName, poolCount } from '../workload.ts'

/** Asks one host of each pool before the load: wrk would let a redirect or a short body pass. */
export async function probe({ name, port, hosts }: Subject): Promise<void> {
  for (let pool = 0; pool < poolCount; pool++) {
    const host = hostName(hosts - poolCount + pool)
    await expectBody(name, port, host, '/', backendBody.length)
    for (const file of files) await expectBody(name, port, host, `/${file.name}`, file.bytes)
  }
}

async function expectBody(
  name: string,
  port: number,
  host: string,
  path: string,
  bytes: number,
): Promise<void> {
  const { status, body } = await get(port, host, path)
  if (status === 200 && body === 'x'.repeat(bytes)) return
  const text = JSON.stringify(body.slice(0, 200))
  throw new Error(`Cannot measure ${name}: ${host}${path} answers ${status}, ${body.length} bytes: ${text}`)
}

function get(port: number, host: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, headers: { host }, agent: false, timeout: 5000 },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          body += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
        answer.on('error', reject)
      },
    )
    asked.on('timeout', () => asked.destroy(new Error(`No answer from port ${port} within 5000 ms`)))
    asked.on('error', reject)
    asked.end()
  })
}
