import { expect, test } from 'vitest'
import { quantile, type Sample, summarize } from './relay-rows.ts'

function sample(micros: readonly number[], userMicrosPerChange: number | null): Sample {
  return {
    case: 'a slice changes',
    subject: 'relay',
    micros,
    userMicrosPerChange,
    systemMicrosPerChange: userMicrosPerChange === null ? null : 10,
    bytesPerChange: 600.4,
    rssBytes: 4096,
    redisCommandsPerChange: 17.004,
    redisBytesPerChange: 700,
  }
}

test('latencies are over all changes of all rounds, the other figures medians over the rounds', () => {
  expect(summarize([sample([30, 10], 5), sample([20], 7), sample([40], 90)])).toEqual([
    {
      case: 'a slice changes',
      subject: 'relay',
      changes: 4,
      p50Micros: 20,
      p99Micros: 40,
      cpuMicrosPerChange: 17,
      userMicrosPerChange: 7,
      systemMicrosPerChange: 10,
      bytesPerChange: 600,
      rssBytes: 4096,
      redisCommandsPerChange: 17,
      redisBytesPerChange: 700,
    },
  ])
})

test('what was not measured is null', () => {
  expect(summarize([sample([1], null)])).toEqual([
    expect.objectContaining({ cpuMicrosPerChange: null, userMicrosPerChange: null }),
  ])
})

test.each([
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.99, 4],
  [[7], 0.5, 7],
  [[], 0.5, Number.NaN],
])('of %j the quantile %d is %d', (values, share, expected) => {
  expect(quantile(values, share)).toBe(expected)
})
