import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type WatchedKind, watchedKinds } from '../../../src/agent/cluster/kinds.ts'
import { WatchHistory } from './watch-history.ts'

/** The objects of a cluster, by kind and place in the list. */
export interface FedCluster {
  /** The highest resource version there is. */
  readonly version: number
  /** Makes a new version in which nothing has changed. */
  advance(): number
  sizeOf(kind: string): number
  /** As JSON, without apiVersion and kind, as items of a list are. */
  item(kind: string, at: number): string
}

export interface FeedEvent {
  readonly kind: WatchedKind['kind']
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** The object's resource version. */
  readonly version: number
  readonly object: string
}

const bookmarkMs = 30_000

/**
 * An API server's half of list and watch, spoken from memory: pages, watches from a resource version, bookmarks, 410. It
 * stands in for a control plane whose size one machine cannot carry; the agent that connects is the real one.
 */
export class WatchFeed {
  readonly #cluster: FedCluster
  readonly #histories: ReadonlyMap<string, WatchHistory>
  readonly #server: Server
  readonly #bookmarks: NodeJS.Timeout
  #lists = 0

  private constructor(cluster: FedCluster) {
    this.#cluster = cluster
    this.#histories = new Map(
      watchedKinds.map((kind) => [kind.path, new WatchHistory(kind, cluster.version)]),
    )
    this.#server = createServer((request, response) => this.#answer(request, response))
    this.#bookmarks = setInterval(() => {
      for (const history of this.#histories.values()) history.bookmark(cluster.version)
    }, bookmarkMs)
  }

  static async start(cluster: FedCluster): Promise<WatchFeed> {
    const feed = new WatchFeed(cluster)
    feed.#server.listen(0, '127.0.0.1')
    await once(feed.#server, 'listening')
    return feed
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The watch feed does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  /** How many lists have been given to their end. */
  get lists(): number {
    return this.#lists
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#sum((history) => history.watches)
  }

  /** How many bytes of events have been sent. */
  get sentBytes(): number {
    return this.#sum((history) => history.sentBytes)
  }

  emit(event: FeedEvent): void {
    for (const history of this.#histories.values()) if (history.kind.kind === event.kind) history.add(event)
  }

  /** Ends every watch and forgets what was: whoever watches on must list again. */
  expire(): void {
    const version = this.#cluster.advance()
    for (const history of this.#histories.values()) history.expire(version)
  }

  async close(): Promise<void> {
    clearInterval(this.#bookmarks)
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #sum(count: (history: WatchHistory) => number): number {
    return [...this.#histories.values()].reduce((sum, history) => sum + count(history), 0)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://feed')
    const history = this.#histories.get(pathname)
    response.setHeader('content-type', 'application/json')
    if (history === undefined) refuse(response, 404, `the feed has no ${pathname}`)
    else if (query.get('watch') === 'true') history.watch(query, response)
    else this.#list(history.kind, query, response)
  }

  #list({ kind, apiVersion }: WatchedKind, query: URLSearchParams, response: ServerResponse): void {
    const { version } = this.#cluster
    const [madeAt = `${version}`, offset = '0'] = query.get('continue')?.split('.') ?? []
    // A later page must show what the first one did; of a cluster that has moved on there is no old picture.
    if (madeAt !== `${version}`) {
      refuse(response, 410, 'the continue token has expired')
      return
    }
    const [size, from] = [this.#cluster.sizeOf(kind), Number(offset)]
    const to = Math.min(size, from + Number(query.get('limit') ?? size))
    const items = Array.from({ length: to - from }, (_, at) => this.#cluster.item(kind, from + at))
    const metadata = { resourceVersion: madeAt, ...(to < size ? { continue: `${madeAt}.${to}` } : {}) }
    const head = JSON.stringify({ kind: `${kind}List`, apiVersion, metadata }).slice(0, -1)
    response.end(`${head},"items":[${items.join(',')}]}`)
    if (to === size) this.#lists++
  }
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.statusCode = code
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message }))
}
