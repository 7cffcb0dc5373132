import { expect, test } from 'vitest'
import { parseStat, treeOf } from './cpu.ts'
import { parseWrk } from './wrk.ts'

const output = `Running 2s test @ http://127.0.0.1:8201/
  1 threads and 64 connections
  Latency Distribution
     50%    1.10ms
     75%    1.20ms
     90%    1.30ms
     99%  980.00us
  93847 requests in 2.00s, 22.10MB read
Requests/sec:  46923.50
`

test("wrk's output gives requests and latencies in microseconds", () => {
  const result = { requests: 93_847, requestsPerSecond: 46_923.5, p50Micros: 1100, p99Micros: 980 }
  expect(parseWrk(output)).toEqual(result)
})

test('a failed request fails the run', () => {
  expect(() => parseWrk(`${output}  Non-2xx or 3xx responses: 5\n`)).toThrow('Non-2xx or 3xx responses: 5')
  expect(() => parseWrk(`${output}  Socket errors: connect 0, read 1, write 0, timeout 0\n`)).toThrow(
    'read 1',
  )
})

test('a process name with spaces and brackets does not shift the fields', () => {
  const line = `42 (a) b (c) S 7 ${Array.from({ length: 48 }, (_, at) => at + 5).join(' ')}`
  expect(parseStat(line)).toEqual({ pid: 42, parent: 7, userTicks: 14, systemTicks: 15, rssPages: 24 })
})

test("a tree is the process and its descendants, not its siblings'", () => {
  const stat = (pid: number, parent: number) => ({ pid, parent, userTicks: 0, systemTicks: 0, rssPages: 0 })
  const stats = [stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 1), stat(5, 3)]
  expect(treeOf(2, stats).map((one) => one.pid)).toEqual([2, 3, 5])
})
