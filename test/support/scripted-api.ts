import type { ServerResponse } from 'node:http'
import { KubeConfig } from '@kubernetes/client-node'
import type { ObjectChange } from '../../src/compile/compilation.ts'
import type { Timers } from '../../src/model/clock.ts'
import { type KubeObject, keyOf } from '../../src/model/objects/object.ts'
import type { Problem } from '../../src/model/problem.ts'
import { startHttp, type TestServer } from './http.ts'

/** What the server does with one request. */
export type Answer = (response: ServerResponse, query: URLSearchParams) => void

export interface Script {
  /** Used in turn; the last one again and again. */
  readonly lists: readonly Answer[]
  readonly watches?: readonly Answer[]
}

export interface ScriptedApi extends TestServer {
  /** `list`, `list <continue token>` or `watch <version>`, in their order. */
  readonly asked: readonly string[]
}

/** Speaks the list and watch protocol as a script says: for what no real API server can be made to do. */
export async function startScriptedApi(scriptOf: (path: string) => Script): Promise<ScriptedApi> {
  const asked: string[] = []
  const turns = new Map<string, number>()
  const server = await startHttp((request, response) => {
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://api')
    const isWatch = query.get('watch') === 'true'
    asked.push(
      `${isWatch ? 'watch' : 'list'} ${query.get(isWatch ? 'resourceVersion' : 'continue') ?? ''}`.trim(),
    )
    const { lists, watches = [silent] } = scriptOf(pathname)
    const answers = isWatch ? watches : lists
    const key = `${pathname} ${isWatch}`
    const turn = turns.get(key) ?? 0
    turns.set(key, turn + 1)
    answers[Math.min(turn, answers.length - 1)]?.(response, query)
  })
  return { ...server, asked }
}

/** client-node takes plain HTTP only with that flag. */
export function kubeConfigOf(port: number): KubeConfig {
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'test' },
  )
  return config
}

/** A body as it is. */
export function text(body: string, status = 200): Answer {
  return (response) => response.writeHead(status).end(body)
}

export function json(body: unknown, status = 200): Answer {
  return text(JSON.stringify(body), status)
}

/** A list as the API server gives it: items without a type of their own. */
export function page(
  kind: string,
  items: readonly unknown[],
  { version = '10', next }: { version?: string; next?: string } = {},
): Answer {
  return json({ kind: `${kind}List`, metadata: { resourceVersion: version, continue: next }, items })
}

export function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`
}

/** The lines of a watch, which then stays open. */
export function events(...lines: readonly (readonly [type: string, object: unknown])[]): Answer {
  return (response) => {
    response.writeHead(200).flushHeaders()
    for (const [type, object] of lines) response.write(line(type, object))
  }
}

/** The lines of a watch, which then ends in order. */
export function eventsOnly(...lines: readonly (readonly [type: string, object: unknown])[]): Answer {
  return (response) => {
    events(...lines)(response, new URLSearchParams())
    response.end()
  }
}

/** Accepts a watch, and says nothing. */
export const silent: Answer = events()

export function status(code: number, message: string): Readonly<Record<string, unknown>> {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }
}

/** Fires at once, and remembers the delays. */
export function instantTimers(): { timers: Timers; delaysMs: number[] } {
  const delaysMs: number[] = []
  const start = (delayMs: number, fire: () => void) => {
    delaysMs.push(delayMs)
    const immediate = setImmediate(fire)
    return { restart() {}, cancel: () => clearImmediate(immediate) }
  }
  return { delaysMs, timers: { start } }
}

/** What changes come to. */
export class Seen {
  readonly objects = new Map<string, KubeObject>()
  readonly problems = new Map<string, readonly Problem[]>()
  /** Every change, in its order. */
  readonly log: string[] = []

  take(change: ObjectChange): void {
    switch (change.type) {
      case 'put':
        this.log.push(`put ${keyOf(change.object)}`)
        this.objects.set(keyOf(change.object), change.object)
        return
      case 'delete':
        this.log.push(`delete ${change.key}`)
        this.objects.delete(change.key)
        return
      case 'found':
        this.log.push(`found ${change.problems.length} ${change.facet}`)
        if (change.problems.length === 0) this.problems.delete(change.facet)
        else this.problems.set(change.facet, change.problems)
    }
  }
}
