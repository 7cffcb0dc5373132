import { parentPort } from 'node:worker_threads'
import * as v from 'valibot'
import { matchPassword } from '../../policy/access/password-hash.ts'

const question = v.object({ id: v.number(), password: v.string(), hash: v.string() })

/** The other side of match-in-thread: one password after the other. */
let last = Promise.resolve()
parentPort?.on('message', (message: unknown) => {
  const { id, password, hash } = v.parse(question, message)
  last = last.then(async () => {
    const fits = await matchPassword(password, hash).catch(() => false)
    parentPort?.postMessage({ id, fits })
  })
})
