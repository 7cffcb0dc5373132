import { expect, test } from 'vitest'
import { type Sample, summarize } from './proxyrows.ts'
import { renderJson, renderTable } from './report.ts'

function sample(subject: string, cpuMicrosPerRequest: number, round = 1): Sample {
  return {
    case: 'GET small',
    connections: 64,
    subject,
    round,
    cpuMicrosPerRequest,
    userMicrosPerRequest: cpuMicrosPerRequest / 4,
    systemMicrosPerRequest: (cpuMicrosPerRequest * 3) / 4,
    requestsPerSecond: 50_000.4,
    p50Micros: 1100,
    p99Micros: 2200,
    rssBytes: 4096,
  }
}

test('figures are medians over the rounds, and so are the ratios of each round', () => {
  const rounds = [
    [16, 20],
    [90, 100],
    [15, 21],
  ] as const
  const samples = rounds.flatMap(([own, peer], at) => [
    sample('postern', own, at),
    sample('haproxy', peer, at),
  ])
  const rows = summarize(samples)
  expect(rows).toEqual([
    {
      case: 'GET small',
      connections: 64,
      subject: 'postern',
      cpuMicrosPerRequest: 16,
      userMicrosPerRequest: 4,
      systemMicrosPerRequest: 12,
      requestsPerSecond: 50_000,
      p50Micros: 1100,
      p99Micros: 2200,
      rssBytes: 4096,
      ratioToPostern: 1,
      ratioToNginx: null,
      ratioToHaproxy: 0.8,
    },
    expect.objectContaining({ subject: 'haproxy', cpuMicrosPerRequest: 21, ratioToHaproxy: 1 }),
  ])
})

test('numbers of connections are not compared with each other', () => {
  const rows = summarize([{ ...sample('nginx', 17), connections: 1 }, sample('haproxy', 20)])
  expect(rows.map(({ connections, ratioToHaproxy }) => [connections, ratioToHaproxy])).toEqual([
    [1, null],
    [64, 1],
  ])
})

test('without HAProxy the ratio is null', () => {
  expect(summarize([sample('nginx', 17)])).toEqual([expect.objectContaining({ ratioToHaproxy: null })])
})

test('the JSON report is one object on one line', () => {
  const report = { bench: 'proxy', rows: summarize([sample('nginx', 17)]) }
  const text = renderJson(report)
  expect(text).not.toContain('\n')
  expect(JSON.parse(text)).toEqual(report)
})

test('the table has a column for each figure and a dash for a missing one', () => {
  const text = renderTable({ bench: 'proxy', rows: summarize([sample('nginx', 17)]) })
  const [, head, , row] = text.split('\n')
  expect(head).toContain('cpuMicrosPerRequest')
  expect(head).toContain('ratioToHaproxy')
  expect(row).toMatch(/nginx.*17.*-\s*│$/)
})
