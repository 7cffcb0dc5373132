import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import { Agent, type Dispatcher, errors, request } from 'undici'
import * as v from 'valibot'
import { readLines, readText } from './body.ts'
import type { WatchedKind } from './kinds.ts'
import { KubeError, reasonOf, refusal, watchEnded } from './kube-error.ts'
import { eventSchema, pageSchema, type RawObject } from './wire.ts'

export interface Page {
  readonly items: readonly RawObject[]
  readonly resourceVersion: string
  /** Token for the next page; '' on the last one. */
  readonly next: string
}

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

const TIMEOUTS: KubeTimeouts = { answerMs: 30_000, silenceMs: 150_000 }
const PAGE_SIZE = 500
const MAX_REFUSAL_BYTES = 1024 * 1024

type Body = Dispatcher.ResponseData['body']

/**
 * Lists and watches of a cluster's API. Addresses, certificates and tokens are client-node's; its informers and typed
 * lists are not used: they stop after an ordinary error, list without pages, and keep whole objects.
 */
export class KubeApi {
  readonly #config: KubeConfig
  readonly #timeouts: KubeTimeouts

  constructor(config: KubeConfig, timeouts: KubeTimeouts = TIMEOUTS) {
    this.#config = config
    this.#timeouts = timeouts
  }

  /** One page of a collection. @throws KubeError */
  async list(kind: WatchedKind, next: string, signal: AbortSignal): Promise<Page> {
    const query = { limit: `${PAGE_SIZE}`, ...(next === '' ? {} : { continue: next }) }
    return await this.#get(
      `list ${kind.path}`,
      kind,
      query,
      this.#timeouts.answerMs,
      signal,
      async (body) => {
        const page = v.safeParse(pageSchema(kind), parseJson(await readText(body)))
        if (!page.success) throw new Error(`the answer is no ${kind.kind}List: ${issueOf(page)}`)
        const { metadata, items } = page.output
        return { items, resourceVersion: metadata.resourceVersion, next: metadata.continue }
      },
    )
  }

  /**
   * Events after a version, until the server ends the watch.
   * @param onOpen called once the server has accepted it
   * @throws KubeError also for an ERROR event, with its status
   */
  async watch(
    kind: WatchedKind,
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
    const action = `watch ${kind.path}`
    const schema = eventSchema(kind)
    await this.#get(action, kind, query, this.#timeouts.silenceMs, signal, async (body) => {
      onOpen()
      for await (const line of readLines(body)) {
        const parsed = v.safeParse(schema, parseJson(line))
        if (!parsed.success) throw new Error(`a line is no event of a ${kind.kind}: ${issueOf(parsed)}`)
        const event = parsed.output
        if (event.type === 'ERROR') throw watchEnded(action, event.object)
        if (event.type === 'BOOKMARK') onEvent({ type: event.type, ...event.object.metadata })
        else onEvent(event)
      }
    })
  }

  async #get<T>(
    action: string,
    { path }: WatchedKind,
    query: Readonly<Record<string, string>>,
    bodyTimeout: number,
    signal: AbortSignal,
    read: (body: Body) => Promise<T>,
  ): Promise<T> {
    const server = this.#config.getCurrentCluster()?.server
    if (server === undefined) throw new KubeError(`Cannot ${action}: the kubeconfig names no cluster`, 0)
    const url = `${server.replace(/\/$/, '')}${path}?${new URLSearchParams(query)}`
    const context = new RequestContext(url, HttpMethod.GET)
    let dispatcher: Dispatcher | undefined
    let doing = `authenticate to the API server at ${server}`
    try {
      await this.#config.applySecurityAuthentication(context)
      // client-node makes a new one for each request: ours to close.
      dispatcher = context.getDispatcher() ?? new Agent()
      const headers = { ...context.getHeaders(), accept: 'application/json', 'user-agent': 'postern-agent' }
      const options = { dispatcher, headers, signal, headersTimeout: this.#timeouts.answerMs, bodyTimeout }
      // Without the path, so that what fails for all kinds alike is said once.
      doing = `reach the API server at ${server}`
      const { statusCode, body } = await request(url, options)
      doing = `${action} at ${server}`
      if (statusCode !== 200) throw refusal(doing, statusCode, await readRefusal(body))
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

async function readRefusal(body: Body): Promise<string> {
  try {
    return await readText(body, MAX_REFUSAL_BYTES)
  } catch {
    // Its status says enough.
    return ''
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`the answer is not JSON: ${JSON.stringify(text.slice(0, 80))}`, { cause })
  }
}

function issueOf(result: { readonly issues?: readonly v.BaseIssue<unknown>[] | undefined }): string {
  const [issue] = result.issues ?? []
  return issue === undefined ? '' : `${v.getDotPath(issue) ?? '(root)'}: ${issue.message}`
}
