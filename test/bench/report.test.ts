import { expect, test } from 'vitest'
import { type Sample, summarize } from './proxyrows.ts'
import { renderJson, renderTable } from './report.ts'

function sample(subject: string, cpuMicrosPerRequest: number): Sample {
  return {
    case: 'GET small',
    subject,
    cpuMicrosPerRequest,
    userMicrosPerRequest: cpuMicrosPerRequest / 4,
    systemMicrosPerRequest: (cpuMicrosPerRequest * 3) / 4,
    requestsPerSecond: 50_000.4,
    p50Micros: 1100,
    p99Micros: 2200,
    rssBytes: 4096,
  }
}

test('figures are medians over the rounds, and the ratio is of medians', () => {
  const samples = [sample('postern', 16), sample('haproxy', 20), sample('postern', 90), sample('haproxy', 20)]
  const rows = summarize([...samples, sample('postern', 15), sample('haproxy', 21)])
  expect(rows).toEqual([
    {
      case: 'GET small',
      subject: 'postern',
      cpuMicrosPerRequest: 16,
      userMicrosPerRequest: 4,
      systemMicrosPerRequest: 12,
      requestsPerSecond: 50_000,
      p50Micros: 1100,
      p99Micros: 2200,
      rssBytes: 4096,
      ratioToHaproxy: 0.8,
    },
    expect.objectContaining({ subject: 'haproxy', cpuMicrosPerRequest: 20, ratioToHaproxy: 1 }),
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
