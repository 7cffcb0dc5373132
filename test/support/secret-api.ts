import type { ServerResponse } from 'node:http'
import { watchedKinds } from '../../src/agent/cluster/kinds.ts'
import { startHttp, type TestServer } from './http.ts'
import { line, page, silent, status } from './scripted-api.ts'

/** Secrets as an API server with RBAC has them: each is told by its name only, to those who may read it. */
export class SecretApi {
  readonly #server: TestServer
  readonly #secrets = new Map<string, Readonly<Record<string, string>>>()
  readonly #forbidden = new Set<string>()
  readonly #watches = new Map<string, Set<ServerResponse>>()
  #version = 10
  /** `list` or `watch` and the name, in their order. */
  readonly asked: string[] = []
  /** The Services of the cluster; of other kinds it has none. */
  services: readonly unknown[] = []
  /** Whether Secrets are answered at all. */
  isStuck = false

  static async start(): Promise<SecretApi> {
    const state: { api?: SecretApi } = {}
    const server = await startHttp((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://api')
      state.api?.answer(pathname, searchParams, response)
    })
    state.api = new SecretApi(server)
    return state.api
  }

  private constructor(server: TestServer) {
    this.#server = server
  }

  get port(): number {
    return this.#server.port
  }

  /** How many watches are open now. */
  get watches(): number {
    return [...this.#watches.values()].reduce((sum, open) => sum + open.size, 0)
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  put(name: string, stringData: Readonly<Record<string, string>>): void {
    const type = this.#secrets.has(name) ? 'MODIFIED' : 'ADDED'
    this.#secrets.set(name, stringData)
    this.#version++
    for (const watch of this.#watches.get(name) ?? []) watch.write(line(type, this.#object(name)))
  }

  delete(name: string): void {
    const object = { ...this.#object(name), metadata: this.#meta(name, ++this.#version) }
    this.#secrets.delete(name)
    for (const watch of this.#watches.get(name) ?? []) watch.write(line('DELETED', object))
  }

  forbid(name: string): void {
    this.#forbidden.add(name)
  }

  allow(name: string): void {
    this.#forbidden.delete(name)
  }

  /** As API servers end watches after some minutes. */
  endWatches(): void {
    for (const open of this.#watches.values()) for (const watch of open) watch.end()
  }

  answer(pathname: string, query: URLSearchParams, response: ServerResponse): void {
    const other = watchedKinds.find(({ path }) => path === pathname)
    if (other === undefined) this.#answerSecret(pathname, query, response)
    else if (query.get('watch') === 'true') silent(response, query)
    else page(other.kind, other.kind === 'Service' ? this.services : [])(response, query)
  }

  #answerSecret(pathname: string, query: URLSearchParams, response: ServerResponse): void {
    const name = /^metadata\.name=(.+)$/.exec(query.get('fieldSelector') ?? '')?.[1]
    const isWatch = query.get('watch') === 'true'
    this.asked.push(`${isWatch ? 'watch' : 'list'} ${pathname} ${name}`)
    // Without a name it would be every Secret of the namespace: no Role of ours gives that.
    if (this.isStuck) return
    if (name === undefined || this.#forbidden.has(name)) {
      response.writeHead(403).end(JSON.stringify(status(403, 'secrets is forbidden')))
    } else if (isWatch) this.#open(name, response)
    else {
      const items = this.#secrets.has(name) ? [this.#object(name)] : []
      page('Secret', items, { version: `${this.#version}` })(response, query)
    }
  }

  #open(name: string, response: ServerResponse): void {
    const open = this.#watches.get(name) ?? new Set()
    this.#watches.set(name, open.add(response))
    response.on('close', () => open.delete(response))
    response.writeHead(200).flushHeaders()
  }

  #object(name: string) {
    const metadata = this.#meta(name, this.#version)
    return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: this.#secrets.get(name) }
  }

  #meta(name: string, version: number) {
    return { namespace: 'shop', name, resourceVersion: `${version}` }
  }
}
