import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { follow } from '../../src/registry/follow.ts'
import type { Head } from '../../src/registry/head.ts'
import type { RegistryReader, StoredChange, StoredRecord } from '../../src/registry/port.ts'

export interface Following {
  /** What it was last given: texts by key. */
  readonly records: ReadonlyMap<string, string>
  /** Every head that it was given, in turn. */
  readonly heads: readonly Head[]
  readonly troubles: readonly string[]
  /** Looks again at each thing that the follower is given or troubled by. */
  until(isTrue: () => boolean): Promise<void>
  stop(): Promise<void>
}

/** A follower with real time, and what it was given. */
export function startFollowing(reader: RegistryReader): Following {
  const abort = new AbortController()
  const records = new Map<string, string>()
  const heads: Head[] = []
  const troubles: string[] = []
  let wake = (): void => {}
  const put = (changes: readonly (StoredChange | StoredRecord)[], head: Head): void => {
    for (const { key, text } of changes) {
      if (text === null) records.delete(key)
      else records.set(key, text)
    }
    heads.push(head)
    wake()
  }
  const done = follow({
    reader,
    signal: abort.signal,
    timers: systemTimers,
    random: systemRandom,
    onLoad: (loaded, head) => {
      records.clear()
      put(loaded, head)
    },
    onChanges: put,
    onTrouble: (error) => {
      troubles.push(error.message)
      wake()
    },
  })
  return {
    records,
    heads,
    troubles,
    until: async (isTrue) => {
      while (!isTrue()) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    stop: async () => {
      abort.abort()
      await done
    },
  }
}
