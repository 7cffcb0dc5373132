import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchCluster, Replacement } from './cluster.ts'
import type { FeedEvent, WatchFeed } from './watch-feed.ts'

export const eventsPerSecond = 100
/** One event in so many falls on a Service whose requests are measured. */
const probeEvery = 5

/** And one in so many on the Service with thousands of endpoints, if there is one. */
const largeEvery = 20

/** How many events lie between the steps of a replacement. */
const lead = eventsPerSecond / 10
const tickMs = 1

interface Started {
  readonly isProbed: boolean
  readonly replacement: Replacement
}

export interface EventLoad {
  readonly cluster: BenchCluster
  readonly feed: WatchFeed
  readonly seconds: number
  readonly signal: AbortSignal
}

/**
 * Replaces endpoints at a steady rate, whether or not anybody keeps up: the new Pod is there a tenth of a second before
 * the slice names it, and the old one goes as long after.
 * @param probe told of every change on a measured Service as it leaves; undefined: there are none on them
 * @returns how many slices were changed
 */
export async function runEvents(
  { cluster, feed, seconds, signal }: EventLoad,
  probe: ((replacement: Replacement) => void) | undefined,
): Promise<number> {
  const total = seconds * eventsPerSecond
  const next = replacements(cluster, probe !== undefined)
  const adding: Started[] = []
  const removing: Started[] = []
  const startedAt = performance.now()
  for (let turn = 0; turn < total + 2 * lead; turn++) {
    while (performance.now() - startedAt < (turn * 1000) / eventsPerSecond) {
      await sleep(tickMs, undefined, { signal })
    }
    if (turn >= 2 * lead) emit(feed, removing.shift()?.replacement.removePod())
    const changing = turn >= lead ? adding.shift() : undefined
    if (changing !== undefined) {
      const change = changing.replacement.changeSlice()
      if (changing.isProbed) probe?.(changing.replacement)
      emit(feed, change)
      removing.push(changing)
    }
    if (turn >= total) continue
    const started = next(turn)
    emit(feed, started.replacement.addPod())
    adding.push(started)
  }
  return total
}

function emit(feed: WatchFeed, event: FeedEvent | undefined): void {
  if (event !== undefined) feed.emit(event)
}

/** Gives the replacement of each turn. */
function replacements(cluster: BenchCluster, areProbed: boolean): (turn: number) => Started {
  const ordinary = ordinaryServices(cluster)
  return (turn) => {
    const isProbed = areProbed && turn % probeEvery === 0
    const isLarge = cluster.hasLarge && turn % largeEvery === 1
    const others = isLarge ? [cluster.services] : ordinary
    const service = isProbed ? pick(cluster.probed, Math.floor(turn / probeEvery)) : pick(others, turn)
    return { isProbed, replacement: cluster.replaceEndpoint(service) }
  }
}

/** Events that follow on each other are in different namespaces. */
function ordinaryServices({ services, probed }: BenchCluster): number[] {
  const stride = 101
  const all = Array.from({ length: services }, (_, at) => (at * stride) % services)
  return all.filter((service) => !probed.includes(service))
}

function pick(services: readonly number[], turn: number): number {
  const service = services[turn % services.length]
  if (service === undefined) throw new RangeError('Cannot pick a Service of none')
  return service
}
