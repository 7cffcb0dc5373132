import { Agent, Client, request } from 'undici'
import * as v from 'valibot'
import type { ControlPlane } from './control-plane.ts'
import { readLines } from './read-lines.ts'

/** An object as the API server gives it: only what every object has is parsed. */
export const objectSchema = v.looseObject({
  metadata: v.looseObject({ name: v.string(), namespace: v.optional(v.string()) }),
})

export type KubeObject = v.InferOutput<typeof objectSchema>

const listSchema = v.object({
  metadata: v.object({ resourceVersion: v.string() }),
  items: v.optional(v.nullable(v.array(v.unknown())), []),
})

const eventSchema = v.object({ type: v.string(), object: v.unknown() })

export interface WatchEvent {
  readonly type: string
  readonly object: unknown
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A refusal by the API server. */
export class ApiError extends Error {
  readonly status: number

  constructor(what: string, status: number, text: string) {
    super(`Cannot ${what}: ${status} ${text.slice(0, 1_000)}`)
    this.name = 'ApiError'
    this.status = status
  }
}

export interface SendOptions {
  readonly body?: unknown
  readonly contentType?: string
}

/** The API, as one user: plain HTTP with JSON, so that a test sees what the API server said. */
export class KubeApi {
  readonly #server: string
  readonly #token: string
  readonly #ca: string
  readonly #pool: Agent

  constructor({ server, ca }: Pick<ControlPlane, 'server' | 'ca'>, token: string) {
    this.#server = server
    this.#token = token
    this.#ca = ca
    this.#pool = new Agent({ connections: 16, connect: { ca } })
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  async get(path: string): Promise<unknown> {
    return await this.send('GET', path)
  }

  async send(
    method: Method,
    path: string,
    { body, contentType = 'application/json' }: SendOptions = {},
  ): Promise<unknown> {
    const response = await request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#pool,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': contentType },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await response.body.text()
    if (response.statusCode >= 400) throw new ApiError(`${method} ${path}`, response.statusCode, text)
    return JSON.parse(text)
  }

  /** Every object under a path, and the position from which a watch goes on. */
  async list(path: string): Promise<{ resourceVersion: string; items: readonly unknown[] }> {
    const { metadata, items } = v.parse(listSchema, await this.get(path))
    return { resourceVersion: metadata.resourceVersion, items: items ?? [] }
  }

  /** Ends where the API server ends the watch, and throws where the connection breaks. */
  async *watch(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`
    // A connection of its own, so that watches never use up the pool's.
    const client = new Client(this.#server, { bodyTimeout: 0, connect: { ca: this.#ca } })
    try {
      const response = await client.request({
        method: 'GET',
        path: `${path}?${query}`,
        headers: { authorization: `Bearer ${this.#token}` },
        signal,
      })
      if (response.statusCode !== 200) {
        throw new ApiError(`watch ${path}`, response.statusCode, await response.body.text())
      }
      for await (const line of readLines(response.body)) yield v.parse(eventSchema, JSON.parse(line))
    } finally {
      await client.destroy()
    }
  }
}
