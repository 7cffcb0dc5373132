import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import { Agent, type Dispatcher, request } from 'undici'
import * as v from 'valibot'
import { readLines, readText } from './body.ts'

/** The API server said no, or something that is no answer. */
export class KubeError extends Error {
  /** HTTP status, or the code of a Status object; 0 when there was no answer at all. */
  readonly status: number
  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

export interface Page {
  readonly items: readonly unknown[]
  readonly resourceVersion: string
  /** Token for the next page; '' on the last one. */
  readonly next: string
}

const eventTypes = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'] as const

/** One line of a watch (meta/v1 WatchEvent). */
export interface WatchEvent {
  readonly type: (typeof eventTypes)[number]
  readonly object: unknown
}

const pageSchema = v.object({
  metadata: v.object({ resourceVersion: v.string(), continue: v.nullish(v.string(), '') }),
  items: v.nullish(v.array(v.unknown()), []),
})
const eventSchema = v.object({ type: v.picklist(eventTypes), object: v.unknown() })
const statusSchema = v.object({ kind: v.literal('Status'), message: v.nullish(v.string(), '') })

/** How long the API server may take to begin an answer, and to send its next byte of a page. */
const ANSWER_TIMEOUT_MS = 30_000
/** A watch with bookmarks hears from its server about once a minute: silence for longer means that it is dead. */
const SILENCE_TIMEOUT_MS = 150_000
const PAGE_SIZE = 500
const CONTENT_TYPES = { POST: 'application/json', PATCH: 'application/merge-patch+json' } as const

export interface Payload {
  readonly method: 'POST' | 'PATCH'
  readonly body: unknown
}

/**
 * Lists, watches and small writes of a cluster's API. Addresses, certificates and tokens are client-node's; its informers and typed
 * lists are not used: they stop after an ordinary error, list without pages, and keep whole objects.
 */
export class KubeApi {
  readonly #config: KubeConfig

  constructor(config: KubeConfig) {
    this.#config = config
  }

  /** One page of a collection. @throws KubeError */
  async list(path: string, next: string, signal: AbortSignal): Promise<Page> {
    const query = { limit: `${PAGE_SIZE}`, ...(next === '' ? {} : { continue: next }) }
    const action = `list ${path}`
    return await this.#ask(action, path, query, undefined, ANSWER_TIMEOUT_MS, signal, async (body) => {
      const page = v.safeParse(pageSchema, parseJson(await readText(body), action))
      if (!page.success) throw new KubeError(`Cannot ${action}: the answer is no list: ${issueOf(page)}`, 0)
      const { metadata, items } = page.output
      return { items, resourceVersion: metadata.resourceVersion, next: metadata.continue }
    })
  }

  /**
   * Events after a version, until the server ends the watch.
   * @param onOpen called once the server has accepted it
   * @throws KubeError
   */
  async watch(
    path: string,
    resourceVersion: string,
    timeoutSeconds: number,
    signal: AbortSignal,
    onOpen: () => void,
    onEvent: (event: WatchEvent) => void,
  ): Promise<void> {
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: `${timeoutSeconds}`,
    }
    const action = `watch ${path}`
    await this.#ask(action, path, query, undefined, SILENCE_TIMEOUT_MS, signal, async (body) => {
      onOpen()
      for await (const line of readLines(body)) {
        const event = v.safeParse(eventSchema, parseJson(line, action))
        if (!event.success) throw new KubeError(`Cannot ${action}: a line is no event: ${issueOf(event)}`, 0)
        onEvent(event.output)
      }
    })
  }

  /** Creates an object in a collection, or merges a patch (RFC 7396) into one. @returns the object. @throws KubeError */
  async send(path: string, payload: Payload, signal: AbortSignal): Promise<unknown> {
    const action = `${payload.method === 'POST' ? 'create in' : 'patch'} ${path}`
    return await this.#ask(action, path, {}, payload, ANSWER_TIMEOUT_MS, signal, async (body) =>
      parseJson(await readText(body), action),
    )
  }

  async #ask<T>(
    action: string,
    path: string,
    query: Readonly<Record<string, string>>,
    payload: Payload | undefined,
    bodyTimeout: number,
    signal: AbortSignal,
    read: (body: Dispatcher.ResponseData['body']) => Promise<T>,
  ): Promise<T> {
    const server = this.#config.getCurrentCluster()?.server
    if (server === undefined) throw new KubeError(`Cannot ${action}: the kubeconfig names no cluster`, 0)
    const url = `${server.replace(/\/$/, '')}${path}?${new URLSearchParams(query)}`
    const method = payload?.method ?? 'GET'
    const context = new RequestContext(url, HttpMethod[method])
    let dispatcher: Dispatcher | undefined
    try {
      await this.#config.applySecurityAuthentication(context)
      // client-node makes a new one for each request: ours to close.
      dispatcher = context.getDispatcher() ?? new Agent()
      const headers = {
        ...context.getHeaders(),
        accept: 'application/json',
        'user-agent': 'postern-agent',
        ...(payload === undefined ? {} : { 'content-type': CONTENT_TYPES[payload.method] }),
      }
      const content = payload === undefined ? null : JSON.stringify(payload.body)
      const limits = { signal, headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout }
      const { statusCode, body } = await request(url, {
        dispatcher,
        headers,
        method,
        body: content,
        ...limits,
      })
      if (statusCode !== 200 && statusCode !== 201) throw await refusal(action, statusCode, body)
      return await read(body)
    } catch (error) {
      if (error instanceof KubeError) throw error
      throw new KubeError(`Cannot ${action} at ${server}: ${reasonOf(error)}`, 0, { cause: error })
    } finally {
      await dispatcher?.destroy()
    }
  }
}

/** The error of an ERROR event, whose object is a Status. */
export function statusError(object: unknown, path: string): KubeError {
  const status = v.safeParse(v.object({ ...statusSchema.entries, code: v.nullish(v.number(), 0) }), object)
  return status.success
    ? new KubeError(`The watch of ${path} ended: ${status.output.message}`, status.output.code)
    : new KubeError(`The watch of ${path} ended with an error that cannot be read`, 0)
}

async function refusal(
  action: string,
  statusCode: number,
  body: Dispatcher.ResponseData['body'],
): Promise<KubeError> {
  const text = await readText(body).catch(() => '')
  let message = text.slice(0, 200)
  try {
    const status = v.safeParse(statusSchema, JSON.parse(text))
    if (status.success) message = status.output.message
  } catch {
    // Not from the API server, or not from one in its right mind: the text as it is.
  }
  return new KubeError(`Cannot ${action}: ${statusCode}: ${message}`, statusCode)
}

function parseJson(text: string, action: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KubeError(`Cannot ${action}: the answer is not JSON: ${JSON.stringify(text.slice(0, 80))}`, 0, {
      cause,
    })
  }
}

function issueOf(result: { readonly issues?: readonly v.BaseIssue<unknown>[] | undefined }): string {
  const [issue] = result.issues ?? []
  return issue === undefined ? '' : `${v.getDotPath(issue) ?? '(root)'}: ${issue.message}`
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A connection that fails on every address of a name has its reasons inside, and no message of its own.
  const inner = error instanceof AggregateError ? error.errors.map(reasonOf).join('; ') : ''
  return error.message === '' ? inner || error.name : error.message
}
