import type { Timer, Timers } from '../model/clock.ts'
import type { Freshness } from './freshness.ts'

/** Three heartbeats that did not come, and some: somebody should look. */
const ALERT_MS = 60_000
const CHECK_MS = 5_000

type Level = 'fresh' | 'old' | 'stale'

/** Tells the operator when what is served grows old, when Pods are not reached any more, and when it is new again. */
export function watchFreshness(
  freshness: Freshness,
  timers: Timers,
  tell: (error: Error) => void,
): { stop(): void } {
  let level: Level = 'fresh'
  const timer: Timer = timers.start(CHECK_MS, () => {
    const now = levelOf(freshness)
    if (now !== level) tell(new Error(wordsFor(now, freshness)))
    level = now
    timer.restart()
  })
  return { stop: () => timer.cancel() }
}

function levelOf(freshness: Freshness): Level {
  if (freshness.staleness() !== undefined) return 'stale'
  return (freshness.ageMs ?? 0) > ALERT_MS ? 'old' : 'fresh'
}

function wordsFor(level: Level, { ageMs = 0, maxStaleMs }: Freshness): string {
  if (level === 'fresh') return 'The cluster is observed again'
  const age = Number.isFinite(ageMs) ? `${Math.round(ageMs / 1000)} s ago` : 'nobody can tell when'
  const then =
    'Services are reached by nodes, and those that are reached by Pods answer 503 unless these prove their identity over TLS'
  const until = `past ${maxStaleMs / 1000} s (--max-stale) Pods are not reached by their addresses any more`
  const what = level === 'stale' ? then : maxStaleMs === 0 ? 'requests go on' : until
  return `The cluster was last observed ${age}: ${what}`
}
