import { afterEach, expect, test } from 'vitest'
import { holdYoungSpace, saveMemory } from '../../workers/node/heap.ts'

afterEach(() => saveMemory(false))

/** Made in a call of its own, so that nothing on the stack holds what is referred to. */
function refer(): WeakRef<object> {
  return new WeakRef({ text: 'read once' })
}

test.each([
  { when: 'lists are over', start: saveMemory, end: () => saveMemory(false) },
  { when: 'a gateway has its table', start: () => {}, end: holdYoungSpace() },
])('what was read and not kept is collected once $when', async ({ start, end }) => {
  start(true)
  const read = refer()
  // References are held until the turn ends.
  await new Promise((resolve) => setImmediate(resolve))
  end()
  expect(read.deref()).toBeUndefined()
  expect(globalThis).not.toHaveProperty('gc')
})
