import { expect, test } from 'vitest'
import { Alarm } from '../../src/model/pause.ts'
import { ManualTimers } from '../support/manual-timers.ts'

const never = new AbortController().signal

test('an alarm ends the pause, and leaves no timer behind', async () => {
  const timers = new ManualTimers()
  const alarm = new Alarm(timers)
  const pausing = alarm.pause(1_000, never)
  expect(timers.running).toBe(1)
  alarm.ring()
  await pausing
  expect(timers.running).toBe(0)
})

test('one that rings while nobody pauses ends the next pause, and that one only', async () => {
  const timers = new ManualTimers()
  const alarm = new Alarm(timers)
  alarm.ring()
  await alarm.pause(1_000, never)
  const second = alarm.pause(1_000, never)
  expect(timers.running).toBe(1)
  timers.pass(1_000)
  await second
})
