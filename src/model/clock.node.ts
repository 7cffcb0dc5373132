import type { Clock, Random, Timers } from './clock.ts'

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() }

export const systemRandom: Random = Math.random

export const systemTimers: Timers = {
  start(delayMs, fire) {
    const timeout = setTimeout(fire, delayMs)
    return { restart: () => void timeout.refresh(), cancel: () => clearTimeout(timeout) }
  },
}
