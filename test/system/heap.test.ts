import { afterEach, expect, test } from 'vitest'
import { saveMemory } from '../../workers/node/heap.ts'

afterEach(() => saveMemory(false))

/** Made in a call of its own, so that nothing on the stack holds what is referred to. */
function refer(): WeakRef<object> {
  return new WeakRef({ text: 'read once' })
}

test('what was read and not kept is collected once no lists are read any more', async () => {
  saveMemory(true)
  const read = refer()
  // References are held until the turn ends.
  await new Promise((resolve) => setImmediate(resolve))
  saveMemory(false)
  expect(read.deref()).toBeUndefined()
  expect(globalThis).not.toHaveProperty('gc')
})
