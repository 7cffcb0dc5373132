import { expect, test } from 'vitest'
import { type AttackSample, attackRows } from './rows.ts'

function sample(title: string, round: number, p99Micros: number, subject = 'postern'): AttackSample {
  const same = { connections: 8, requestsPerSecond: 1000.4, p50Micros: 400, rssBytes: 2 ** 28 }
  return { title, subject, round, p99Micros, ...same }
}

test('p99 under attack is compared with the quiet time of the same round and gateway', () => {
  const samples = [
    sample('quiet', 1, 100),
    sample('idle', 1, 150),
    sample('quiet', 2, 1000),
    sample('idle', 2, 1100),
    sample('quiet', 3, 100),
    sample('idle', 3, 120),
    sample('quiet', 1, 10, 'nginx'),
    sample('idle', 1, 20, 'nginx'),
  ]
  const rows = attackRows(samples, 'quiet')
  const common = { connections: 8, requestsPerSecond: 1000, p50Micros: 400, rssMib: 256 }
  expect(rows).toEqual([
    { case: 'quiet', subject: 'postern', p99Micros: 100, p99ToQuiet: 1, ...common },
    { case: 'idle', subject: 'postern', p99Micros: 150, p99ToQuiet: 1.2, ...common },
    { case: 'quiet', subject: 'nginx', p99Micros: 10, p99ToQuiet: 1, ...common },
    { case: 'idle', subject: 'nginx', p99Micros: 20, p99ToQuiet: 2, ...common },
  ])
})
