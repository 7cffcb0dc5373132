import type { KubeConfig } from '@kubernetes/client-node'
// Not of its index, which loads every model of Kubernetes (workers/node/client-node.ts).
import { HttpMethod, RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js'
import { Agent, type Dispatcher, errors, request } from 'undici'
import * as v from 'valibot'
import { readLines, readText } from './body.ts'
import type { Collection } from './kinds.ts'
import { KubeError, reasonOf, refusal, watchEnded } from './kube-error.ts'
import { type Page, readPage } from './page.ts'
import { eventSchema, issueOf, parseJson, type RawObject } from './wire.ts'

/** One line of a watch (meta/v1 WatchEvent). */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: RawObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

export interface KubeTimeouts {
  /** How long the API server may take to begin an answer, and to send its next byte of a page. */
  readonly answerMs: number
  /** A watch with bookmarks hears from its server every minute or two: silence for longer means that it is dead. */
  readonly silenceMs: number
}

/** Who the API server says wrote a field (`metadata.managedFields`): it takes the name from the user agent. */
export const FIELD_MANAGER = 'postern-agent'

const TIMEOUTS: KubeTimeouts = { answerMs: 30_000, silenceMs: 150_000 }
const PAGE_SIZE = 500
const MAX_REFUSAL_BYTES = 1024 * 1024

const CONTENT_TYPES = { POST: 'application/json', PATCH: 'application/merge-patch+json' } as const

type Body = Dispatcher.ResponseData['body']

export interface Payload {
  readonly method: 'POST' | 'PATCH'
  readonly body: unknown
}

interface Ask {
  /** As errors say it: `list /api/v1/pods`. */
  readonly action: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly payload?: Payload
}

/**
 * Lists, watches and small writes of a cluster's API. Addresses, certificates and tokens are client-node's; its informers and typed
 * lists are not used: they stop after an ordinary error, list without pages, and keep whole objects.
 */
export class KubeApi {
  readonly #config: KubeConfig
  readonly #timeouts: KubeTimeouts

  constructor(config: KubeConfig, timeouts: KubeTimeouts = TIMEOUTS) {
    this.#config = config
    this.#timeouts = timeouts
  }

  /**
   * One page of a collection.
   * @param onItem given each object as it is read: they count only once the page is there, for it may break off
   * @throws KubeError
   */
  async list(
    kind: Collection,
    next: string,
    signal: AbortSignal,
    onItem: (object: RawObject) => void,
  ): Promise<Page> {
    const query = { ...selected(kind), limit: `${PAGE_SIZE}`, ...(next === '' ? {} : { continue: next }) }
    const ask = { action: `list ${kind.path}`, path: kind.path, query }
    return await this.#ask(ask, this.#timeouts.answerMs, signal, (body) => readPage(kind, body, onItem))
  }

  /**
   * Events after a version, until the server ends the watch.
   * @param onOpen called once the server has accepted it
   * @throws KubeError also for an ERROR event, with its status
   */
  async watch(
    kind: Collection,
    resourceVersion: string,
    timeoutSeconds: number,
    signal: AbortSignal,
    onOpen: () => void,
    onEvent: (event: WatchEvent) => void,
  ): Promise<void> {
    const query = {
      ...selected(kind),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: `${timeoutSeconds}`,
    }
    const action = `watch ${kind.path}`
    const schema = eventSchema(kind)
    await this.#ask({ action, path: kind.path, query }, this.#timeouts.silenceMs, signal, async (body) => {
      onOpen()
      for await (const line of readLines(body)) {
        const parsed = v.safeParse(schema, parseJson(line, kind))
        if (!parsed.success) throw new Error(`a line is no event of a ${kind.kind}: ${issueOf(parsed)}`)
        const event = parsed.output
        if (event.type === 'ERROR') throw watchEnded(action, event.object)
        if (event.type === 'BOOKMARK') onEvent({ type: event.type, ...event.object.metadata })
        else onEvent(event)
      }
    })
  }

  /** Creates an object in a collection, or merges a patch (RFC 7396) into one. @returns the object. @throws KubeError */
  async send(path: string, payload: Payload, signal: AbortSignal): Promise<unknown> {
    const action = `${payload.method === 'POST' ? 'create in' : 'patch'} ${path}`
    const ask = { action, path, query: {}, payload }
    return await this.#ask(ask, this.#timeouts.answerMs, signal, async (body) =>
      parseJson(await readText(body)),
    )
  }

  async #ask<T>(
    { action, path, query, payload }: Ask,
    bodyTimeout: number,
    signal: AbortSignal,
    read: (body: Body) => Promise<T>,
  ): Promise<T> {
    const server = this.#config.getCurrentCluster()?.server
    if (server === undefined) throw new KubeError(`Cannot ${action}: the kubeconfig names no cluster`, 0)
    const url = `${server.replace(/\/$/, '')}${path}?${new URLSearchParams(query)}`
    const method = payload?.method ?? 'GET'
    const context = new RequestContext(url, HttpMethod[method])
    let dispatcher: Dispatcher | undefined
    let doing = `authenticate to the API server at ${server}`
    try {
      await this.#config.applySecurityAuthentication(context)
      // client-node makes a new one for each request: ours to close.
      dispatcher = context.getDispatcher() ?? new Agent()
      const headers = { ...context.getHeaders(), ...headersOf(payload) }
      const content = { method, body: payload === undefined ? null : JSON.stringify(payload.body) }
      const limits = { signal, headersTimeout: this.#timeouts.answerMs, bodyTimeout }
      // Without the path, so that what fails for all kinds alike is said once.
      doing = `reach the API server at ${server}`
      const { statusCode, body } = await request(url, { dispatcher, headers, ...content, ...limits })
      doing = `${action} at ${server}`
      if (statusCode !== 200 && statusCode !== 201) throw refusal(doing, statusCode, await readRefusal(body))
      return await read(body)
    } catch (error) {
      if (error instanceof KubeError) throw error
      const status = error instanceof errors.BodyTimeoutError ? 504 : 0
      throw new KubeError(`Cannot ${doing}: ${reasonOf(error)}`, status, { cause: error })
    } finally {
      await dispatcher?.destroy()
    }
  }
}

function selected({ fieldSelector }: Collection): Record<string, string> {
  return fieldSelector === undefined ? {} : { fieldSelector }
}

function headersOf(payload: Payload | undefined): Record<string, string> {
  const type = payload === undefined ? {} : { 'content-type': CONTENT_TYPES[payload.method] }
  return { accept: 'application/json', 'user-agent': FIELD_MANAGER, ...type }
}

async function readRefusal(body: Body): Promise<string> {
  try {
    return await readText(body, MAX_REFUSAL_BYTES)
  } catch {
    // Its status says enough.
    return ''
  }
}
