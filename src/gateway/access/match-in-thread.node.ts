import { Worker } from 'node:worker_threads'
import * as v from 'valibot'
import type { MatchPassword } from '../../policy/access/password-hash.ts'

const answer = v.object({ id: v.number(), fits: v.boolean() })

interface Asked {
  readonly resolve: (fits: boolean) => void
  readonly reject: (error: Error) => void
}

/**
 * Checks passwords in a thread of its own, which the first one starts: what takes a tenth of a second by design would hold
 * up every other request. One at a time, so that guesses take one core at most.
 */
export function threadedMatch(): MatchPassword {
  const asked = new Map<number, Asked>()
  let thread: Worker | undefined
  let count = 0
  const lose = (error: Error): void => {
    thread = undefined
    for (const { reject } of asked.values()) reject(error)
    asked.clear()
  }
  const start = (): Worker => {
    const started = new Worker(new URL('match-thread.node.ts', import.meta.url))
    started.on('error', lose)
    started.on('exit', (code) => lose(new Error(`The thread that checks passwords ended with ${code}`)))
    started.on('message', (message: unknown) => {
      const { id, fits } = v.parse(answer, message)
      asked.get(id)?.resolve(fits)
      asked.delete(id)
      // At rest it keeps no process from ending.
      if (asked.size === 0) started.unref()
    })
    return started
  }
  return (password, hash) =>
    new Promise((resolve, reject) => {
      thread ??= start()
      const id = ++count
      asked.set(id, { resolve, reject })
      thread.ref()
      thread.postMessage({ id, password, hash })
    })
}
