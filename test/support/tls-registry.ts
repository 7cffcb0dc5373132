import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import type { StoredRecord } from '../../src/registry/port.ts'
import { waitFor } from '../cluster/wait-for.ts'
import type { MadeAuthority } from './certificate-maker.ts'
import { recordsOf, serviceYaml } from './gateway.ts'
import { startHttp } from './http.ts'
import { type ServingProcess, startServing } from './postern-process.ts'
import { startRedis } from './redis.ts'
import { RedisClusters } from './redis-clusters.ts'
import { ask, certificateRecord, shake } from './tls-gateway.ts'

export const HOST = 'shop.example.com'
const CLUSTER = 'own'

/** A registry with one host, whose records a test goes on publishing, and real gateways on it. */
export async function startTlsRegistry(
  authority: MadeAuthority,
  annotations: Readonly<Record<string, string>> = {},
) {
  const certificate = () => certificateRecord('shop/shop-tls', authority, { hosts: [HOST] })
  const redis = await startRedis()
  onTestFinished(() => redis.kill())
  const clusters = new RedisClusters(redis.url)
  onTestFinished(() => clusters.close())
  const pod = await startHttp((request, response) => void response.end(`you asked for ${request.url}`))
  onTestFinished(pod.close)
  const all = { 'postern.dev/host': HOST, 'postern.dev/tls-secret': 'shop-tls', ...annotations }
  const publish = (...records: readonly StoredRecord[]) => clusters.publish(CLUSTER, records)
  await publish(...recordsOf(serviceYaml({ endpoints: [pod.port], annotations: all })), certificate())
  const source = ['--redis', redis.url, '--cluster', CLUSTER]
  const start = async (...flags: readonly string[]): Promise<ServingProcess> => {
    const gateway = await startServing(['gateway', ...source, '--https-listen', '127.0.0.1:0', ...flags])
    onTestFinished(async () => void (await gateway.stop()))
    return gateway
  }
  return { source, publish, start, certificate }
}

/** A client of that host, until the test is over. */
export async function connect(
  { securePort }: ServingProcess,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = await shake(securePort, { servername: HOST, ...options })
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Requests without pause until it is over, each on a connection of its own, and after 421 on another one; what is not as it should be is kept. */
export function load(gateway: ServingProcess, options: () => ConnectionOptions = () => ({})) {
  const failures: string[] = []
  let answered = 0
  let isOver = false
  const clients = Array.from({ length: 4 }, async (_, client) => {
    for (let i = 0; !isOver; i++) {
      const path = `/${client}/${i}`
      try {
        const request = async () => await ask(await connect(gateway, options()), HOST, path)
        let answer = await request()
        if (answer.startsWith('HTTP/1.1 421 ')) answer = await request()
        if (!answer.includes(`you asked for ${path}`)) failures.push(answer)
      } catch (error) {
        failures.push(String(error))
      }
      answered++
    }
  })
  return {
    more: (count: number) => {
      const wanted = answered + count
      return waitFor(
        'more answers',
        () => answered,
        (now) => now >= wanted,
      )
    },
    end: async (): Promise<string[]> => {
      isOver = true
      await Promise.all(clients)
      return failures
    },
  }
}
