import { expect, test } from 'vitest'
import { type Answer, line, page, silent } from '../../support/scripted-api.ts'
import { reflected, service, typed } from './reflected.ts'

const list = page('Service', [service('a')])

test('before the first list nothing is known', async () => {
  const { reflector, asked, until } = await reflected({ lists: [() => {}] })
  await until(() => expect(asked).toEqual(['list']))
  expect(reflector.liveAt()).toBeUndefined()
})

test('a watch is live for as long as a first bookmark may take, and is old when none comes', async () => {
  const { reflector, asked, time, until } = await reflected({ lists: [list], watches: [silent] })
  const opened = time.now
  await until(() => expect(asked).toEqual(['list', 'watch 10']))
  // The API server accepts it after it was asked: from then on it is live at every moment.
  time.now = opened + 1
  await until(() => expect(reflector.liveAt()).toBe(opened + 1))
  time.now = opened + 120_000
  expect(reflector.liveAt()).toBe(time.now)
  time.now = opened + 140_000
  expect([opened, opened + 1]).toContain(reflector.liveAt())
})

test('whatever is heard makes it live again', async () => {
  const state: { say?: () => void } = {}
  const later: Answer = (response, query) => {
    silent(response, query)
    state.say = () => response.write(line('BOOKMARK', typed({ metadata: { resourceVersion: '11' } })))
  }
  const { reflector, time, until } = await reflected({ lists: [list], watches: [later] })
  await until(() => expect(state.say).toBeDefined())
  time.now += 600_000
  state.say?.()
  await until(() => expect(reflector.liveAt()).toBe(time.now))
})

test('when the server is away, the last moment at which it was heard stays', async () => {
  const cut: Answer = (response) => response.writeHead(200).write('\n', () => response.destroy())
  const refuse: Answer = (response) => response.destroy()
  const { reflector, time, troubles, until } = await reflected({
    lists: [list, refuse],
    watches: [cut, refuse],
  })
  const heard = time.now
  await until(() => expect(troubles.length).toBeGreaterThan(3))
  time.now += 5_000
  expect(reflector.liveAt()).toBe(heard)
})
