import { Agent, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Clients that keep asking over keep-alive connections, and never ask twice for the same thing. */
export class SteadyLoad {
  /** What went wrong: anything but the wanted status. */
  readonly failures: string[] = []
  /** Requests that were answered as wanted. */
  answered = 0
  readonly #agent = new Agent({ keepAlive: true })
  readonly #loops: Promise<void>[] = []
  #isStopped = false

  /** Asks `host` from so many clients at once, each waiting for its answer before it asks again. */
  constructor(port: () => number, hosts: readonly string[], clients = 2) {
    for (const host of hosts) {
      for (let i = 0; i < clients; i++) this.#loops.push(this.#loop(port, host))
    }
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  async #loop(port: () => number, host: string): Promise<void> {
    while (!this.#isStopped) {
      try {
        const { status, body } = await ask(port(), host, '/', this.#agent)
        if (status === 200) this.answered++
        else this.failures.push(`${host}: ${status} ${body.trim()}`)
      } catch (error) {
        this.failures.push(`${host}: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
}

export function ask(port: number, host: string, path: string, agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers: { host }, agent }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.once('error', reject)
    })
    outgoing.once('error', reject).end()
  })
}
