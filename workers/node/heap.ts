import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Said here rather than on the command line, so that it holds however the program is started.

/** V8's. */
const DEFAULT_YOUNG_GROWTH = 2

/**
 * While the lists of a large cluster are read, has V8 collect sooner, let the heap grow by less at a time and keep the
 * young generation small: it costs a fifth more time and spares a third of the memory. Afterwards what was read is
 * collected at once, as V8 would only when as much again has come. While events are followed saving would cost more than
 * it spares: each of them half as much time again, and pauses.
 */
export function saveMemory(isSaving: boolean): void {
  setFlagsFromString(isSaving ? '--memory-saver-mode' : '--no-memory-saver-mode')
  setYoungGrowth(isSaving ? 1 : DEFAULT_YOUNG_GROWTH)
  if (!isSaving) collect()
}

/**
 * Keeps the young generation as small as it is while a gateway starts: it reads much, once, and what it reads it keeps.
 * @returns to be called before requests are answered: each of them would cost twice the time
 */
export function holdYoungSpace(): () => void {
  setYoungGrowth(1)
  return () => setYoungGrowth(DEFAULT_YOUNG_GROWTH)
}

/**
 * Counts what lies outside V8's heap with it. Otherwise the whole heap is looked through whenever 64 MB have come, however
 * little of it is kept, and each read of a client's connection is a buffer out there: uploads had everybody wait for that.
 */
export function countOutsideWithHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}

function setYoungGrowth(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

/** By V8's own function, which contexts have that are made while it is exposed. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof gc === 'function') gc()
}
