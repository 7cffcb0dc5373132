import { setTimeout as pause } from 'node:timers/promises'
import * as v from 'valibot'
import type { KubeApi, WatchEvent } from './kube-api.ts'

const RETRY_MS = 100

const positionSchema = v.object({ metadata: v.object({ resourceVersion: v.string() }) })

export interface Follower<Item> {
  readonly path: string
  readonly parse: (object: unknown) => Item
  readonly keyOf: (item: Item) => string
  /** Called for each change, and for each difference that a list shows; `undefined` where the object is gone. */
  readonly onChange: (key: string, item: Item | undefined) => void
}

/** Lists and watches until aborted, and begins again after any failure: an API server that restarts is no end. */
export async function followObjects<Item>(
  api: KubeApi,
  follower: Follower<Item>,
  signal: AbortSignal,
): Promise<void> {
  const known = new Set<string>()
  while (!signal.aborted) {
    try {
      await watchOnwards(api, follower, known, await relist(api, follower, known), signal)
    } catch (error) {
      if (v.isValiError(error)) console.error(`Cannot read what ${follower.path} holds:`, error)
      // Unreachable, refused, or a position that is gone: the next list tells what was missed.
      await pause(RETRY_MS)
    }
  }
}

async function relist<Item>(api: KubeApi, follower: Follower<Item>, known: Set<string>): Promise<string> {
  const { resourceVersion, items } = await api.list(follower.path)
  const present = new Map(items.map(follower.parse).map((item) => [follower.keyOf(item), item]))
  for (const key of known) if (!present.has(key)) forget(follower, known, key)
  for (const [key, item] of present) {
    known.add(key)
    follower.onChange(key, item)
  }
  return resourceVersion
}

async function watchOnwards<Item>(
  api: KubeApi,
  follower: Follower<Item>,
  known: Set<string>,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  let position = from
  while (!signal.aborted) {
    for await (const event of api.watch(follower.path, position, signal)) {
      position = apply(follower, known, event)
    }
  }
}

function apply<Item>(follower: Follower<Item>, known: Set<string>, { type, object }: WatchEvent): string {
  if (type === 'ERROR') throw new Error(`Cannot watch ${follower.path}: ${JSON.stringify(object)}`)
  const position = v.parse(positionSchema, object).metadata.resourceVersion
  if (type === 'BOOKMARK') return position
  const item = follower.parse(object)
  const key = follower.keyOf(item)
  if (type === 'DELETED') forget(follower, known, key)
  else {
    known.add(key)
    follower.onChange(key, item)
  }
  return position
}

function forget<Item>(follower: Follower<Item>, known: Set<string>, key: string): void {
  known.delete(key)
  follower.onChange(key, undefined)
}
