import type { ServerResponse } from 'node:http'
import type { WatchedKind } from '../../../src/agent/cluster/kinds.ts'
import type { FeedEvent } from './watch-feed.ts'

const maxEvents = 1_000

/** What happened to one kind of object of late, and who watches it. */
export class WatchHistory {
  readonly kind: WatchedKind
  readonly #watchers = new Set<ServerResponse>()
  #events: { readonly version: number; readonly line: string }[] = []
  /** Watches from before this version have missed something. */
  #oldest: number
  #sentBytes = 0

  constructor(kind: WatchedKind, version: number) {
    this.kind = kind
    this.#oldest = version
  }

  get watches(): number {
    return this.#watchers.size
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  add({ type, version, object }: FeedEvent): void {
    const { kind, apiVersion } = this.kind
    const typed = `{"kind":"${kind}","apiVersion":"${apiVersion}",${object.slice(1)}`
    const line = `{"type":"${type}","object":${typed}}\n`
    this.#events.push({ version, line })
    if (this.#events.length > maxEvents) this.#oldest = this.#events.shift()?.version ?? this.#oldest
    this.#send(line)
  }

  bookmark(version: number): void {
    const { kind, apiVersion } = this.kind
    const object = { kind, apiVersion, metadata: { resourceVersion: `${version}` } }
    this.#send(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }

  /** Forgets what was before a version, and ends every watch. */
  expire(version: number): void {
    this.#events = []
    this.#oldest = version
    for (const watcher of this.#watchers) watcher.end()
  }

  watch(query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'))
    if (!(from >= this.#oldest)) {
      const object = { kind: 'Status', apiVersion: 'v1', code: 410, message: 'too old resource version' }
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
      return
    }
    response.flushHeaders()
    for (const { version, line } of this.#events) if (version > from) response.write(line)
    this.#watchers.add(response)
    const end = setTimeout(() => response.end(), Number(query.get('timeoutSeconds') ?? 300) * 1000)
    response.once('close', () => {
      clearTimeout(end)
      this.#watchers.delete(response)
    })
  }

  #send(line: string): void {
    for (const watcher of this.#watchers) {
      watcher.write(line)
      this.#sentBytes += line.length
    }
  }
}
