import { expect, test } from 'vitest'
import { Deadlines, NEVER, UNWATCHED } from '../../src/wire/deadlines.ts'
import { ManualTimers } from '../support/manual-timers.ts'

function start() {
  const timers = new ManualTimers()
  const deadlines = new Deadlines(timers, 100)
  const watched = { deadline: NEVER, watchPlace: UNWATCHED, fired: 0, onDeadline: () => void watched.fired++ }
  deadlines.add(watched)
  return { timers, deadlines, watched }
}

test('a deadline is over once, never early, within two ticks', () => {
  for (const lead of [0, 50, 99]) {
    const { timers, deadlines, watched } = start()
    timers.pass(lead)
    watched.deadline = deadlines.after(250)
    timers.pass(249)
    expect(watched.fired).toBe(0)
    timers.pass(201)
    expect(watched.fired).toBe(1)
    timers.pass(1000)
    expect(watched.fired).toBe(1)
  }
})

test('a deadline that moves is not over at its old time', () => {
  const { timers, deadlines, watched } = start()
  watched.deadline = deadlines.after(200)
  timers.pass(200)
  watched.deadline = deadlines.after(200)
  timers.pass(199)
  expect(watched.fired).toBe(0)
  timers.pass(201)
  expect(watched.fired).toBe(1)
})

test('no time at all is never', () => {
  expect(start().deadlines.after(0)).toBe(NEVER)
})

test('the timer runs while something is watched', () => {
  const { timers, deadlines, watched } = start()
  expect(timers.running).toBe(1)
  deadlines.delete(watched)
  expect(timers.running).toBe(0)
  timers.pass(1000)
  deadlines.add(watched)
  watched.deadline = deadlines.after(100)
  timers.pass(300)
  expect(watched.fired).toBe(1)
})

test('what is deleted by another is not told', () => {
  const { timers, deadlines, watched } = start()
  const first = {
    deadline: deadlines.after(100),
    watchPlace: UNWATCHED,
    onDeadline: () => deadlines.delete(watched),
  }
  deadlines.delete(watched)
  deadlines.add(first)
  deadlines.add(watched)
  watched.deadline = deadlines.after(100)
  timers.pass(500)
  expect(watched.fired).toBe(0)
})

test('many that come and go are each told once, and only those that are there', () => {
  const { timers, deadlines } = start()
  const told: number[] = []
  const all = Array.from({ length: 20 }, (_, at) => ({
    deadline: deadlines.after(100),
    watchPlace: UNWATCHED,
    onDeadline: () => {
      told.push(at)
      // Each that is a multiple of four ends itself and its neighbour.
      if (at % 4 === 0) for (const one of all.slice(at, at + 2)) deadlines.delete(one)
    },
  }))
  for (const one of all) deadlines.add(one)
  for (const one of all) deadlines.add(one)
  for (const one of all.filter((_, at) => at % 4 === 2)) deadlines.delete(one)
  timers.pass(1000)
  const expected = all.map((_, at) => at).filter((at) => at % 4 !== 2)
  const certain = expected.filter((at) => at % 4 !== 1)
  expect(told.filter((at) => at % 4 !== 1).sort((a, b) => a - b)).toEqual(certain)
  expect(new Set(told).size).toBe(told.length)
})
