import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Client } from 'undici'
import type { Replacement } from './cluster.ts'

const giveUpMs = 10_000

/** Servers on every local Pod address: an answer names the address that it was asked at. */
export async function startPods(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    response.end(request.socket.localAddress)
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '0.0.0.0')
  await once(server, 'listening')
  return server
}

/** Asks a gateway's listener, without pause, until an endpoint that was announced answers. */
export class Probe {
  readonly #origin: string
  /** A connection for each host, so that no probe waits for another. */
  readonly #clients = new Map<string, Client>()
  readonly #running = new Set<Promise<void>>()
  /** Which of the addresses that were announced for any host came first. */
  readonly #ranks = new Map<string, number>()
  readonly #millis: number[] = []
  readonly #faults: Error[] = []

  constructor(gatewayPort: number) {
    this.#origin = `http://127.0.0.1:${gatewayPort}`
  }

  /** From now on. */
  start({ host, address }: Replacement): void {
    this.#ranks.set(address, this.#ranks.size)
    const running = this.#untilAnswered(host, address).catch((cause: unknown) => {
      this.#faults.push(cause instanceof Error ? cause : new Error(String(cause)))
    })
    this.#running.add(running)
    void running.then(() => this.#running.delete(running))
  }

  /** How long each took, in milliseconds. @throws Error when one was never answered, or wrongly */
  async end(): Promise<readonly number[]> {
    await Promise.all(this.#running)
    await Promise.all([...this.#clients.values()].map((client) => client.close()))
    const [fault] = this.#faults
    if (fault !== undefined) throw fault
    return this.#millis
  }

  async #untilAnswered(host: string, address: string): Promise<void> {
    const startedAt = performance.now()
    const client = this.#clients.get(host) ?? new Client(this.#origin)
    this.#clients.set(host, client)
    while (true) {
      const { statusCode, body } = await client.request({ path: '/', method: 'GET', headers: { host } })
      const answer = await body.text()
      const millis = performance.now() - startedAt
      if (statusCode !== 200) throw new Error(`Cannot probe ${host}: it answers ${statusCode} ${answer}`)
      // A later one has taken its place already: then it was followed no later than now.
      if (this.#rankOf(answer) >= this.#rankOf(address)) {
        this.#millis.push(millis)
        return
      }
      if (millis > giveUpMs) throw new Error(`Cannot probe ${host}: after ${giveUpMs} ms still ${answer}`)
    }
  }

  /** -1 for an endpoint that was there before all. */
  #rankOf(address: string): number {
    return this.#ranks.get(address) ?? -1
  }
}
