import { Agent, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** More of them say nothing new. */
const MAX_FAILURES = 500

export interface LoadOptions {
  readonly method?: 'GET' | 'POST'
  /** Whether each request has a connection of its own. */
  readonly isFresh?: boolean
}

/** Clients that keep asking, and never ask twice for the same thing; over keep-alive connections, if not told otherwise. */
export class SteadyLoad {
  /** What went wrong: anything but the wanted status. */
  readonly failures: string[] = []
  /** Requests that were answered as wanted. */
  answered = 0
  readonly #agent: Agent | false
  readonly #loops: Promise<void>[] = []
  #isStopped = false

  /** Asks `host` from so many clients at once, each waiting for its answer before it asks again. */
  constructor(
    port: () => number,
    hosts: readonly string[],
    clients = 2,
    { method = 'GET', isFresh = false }: LoadOptions = {},
  ) {
    this.#agent = isFresh ? false : new Agent({ keepAlive: true })
    for (const host of hosts) {
      for (let i = 0; i < clients; i++) this.#loops.push(this.#loop(port, host, method))
    }
  }

  /** Waits until so many more requests have been answered. Fails when many have failed meanwhile. */
  async answers(count: number): Promise<void> {
    const until = this.answered + count
    while (this.answered < until) {
      if (this.failures.length >= MAX_FAILURES) throw new Error(`Most requests fail: ${this.failures[0]}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
    if (this.#agent) this.#agent.destroy()
  }

  /** What fails at once would fail a thousand times a second. */
  async #fail(failure: string): Promise<void> {
    if (this.failures.length < MAX_FAILURES) this.failures.push(failure)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }

  async #loop(port: () => number, host: string, method: 'GET' | 'POST'): Promise<void> {
    while (!this.#isStopped) {
      try {
        const { status, body } = await ask(port(), host, '/', this.#agent, method)
        if (status === 200) this.answered++
        else await this.#fail(`${host}: ${status} ${body.trim()}`)
      } catch (error) {
        await this.#fail(`${host}: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
}

export function ask(
  port: number,
  host: string,
  path: string,
  agent: Agent | false = false,
  method: 'GET' | 'POST' = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers: { host }, agent, method }
    const outgoing = request(options, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.once('error', reject)
    })
    outgoing.once('error', reject).end(method === 'POST' ? 'x' : undefined)
  })
}
