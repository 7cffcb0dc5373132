import { placeOf, printable } from '../../src/cli/report.ts'
import type { RouteStatus } from '../../src/gateway/route-status.ts'
import { counted } from '../../src/model/counted.ts'
import { formatAuthority } from '../../src/model/host.ts'
import type { Problem } from '../../src/model/problem.ts'

export interface ReadyFacts {
  readonly routes: readonly RouteStatus[]
  readonly host: string
  readonly port: number
  /** Where TLS is spoken. */
  readonly securePort?: number | undefined
  readonly consoleHost: string
  readonly consolePort: number
}

/** Hostnames with a curl line for each, and last the one line that says it runs. */
export function announceReady({
  routes,
  host,
  port,
  securePort,
  consoleHost,
  consolePort,
}: ReadyFacts): void {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const server = formatAuthority(address, port)
  for (const { host, path, endpoints, pods } of routes.slice(0, SHOWN)) {
    const name = host.replace(/^\*/, pods?.[0] ?? 'any')
    const curl = name.endsWith('.localhost')
      ? `curl http://${name}:${port}${path}`
      : `curl -H 'Host: ${name}' http://${server}${path}`
    console.error(`  ${curl}   # ${counted(endpoints, 'endpoint')}`)
  }
  if (routes.length > SHOWN)
    console.error(`  … and ${routes.length - SHOWN} more: see /api/routes on the console`)
  const secure = securePort === undefined ? '' : ` and https://${formatAuthority(address, securePort)}`
  console.error(
    `postern: ready, ${counted(routes.length, 'route')} on http://${server}${secure}, console on http://${formatAuthority(consoleHost, consolePort)}`,
  )
}

/** At start thousands of hostnames would hide the line that matters. */
const SHOWN = 20

const said = new Set<string>()

/** Says each problem once, when it appears. */
export function announceProblems(problems: readonly Problem<string>[]): void {
  const now = new Set(problems.map((problem) => JSON.stringify(problem)))
  for (const key of said) if (!now.has(key)) said.delete(key)
  for (const problem of problems) {
    const key = JSON.stringify(problem)
    if (said.has(key)) continue
    said.add(key)
    const place = problem.file === undefined ? '' : ` (${placeOf(problem)})`
    const name = problem.namespace === '' ? problem.name : `${problem.namespace}/${problem.name}`
    const text = printable(
      `postern: ${problem.severity} ${problem.code}: ${problem.kind} ${name}: ${problem.message}${place}. ${problem.hint}`,
    )
    console.error(text.replaceAll('\n', ' '))
  }
}
