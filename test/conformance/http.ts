import { serviceYaml, startGateway } from '../support/gateway.ts'
import { runCacheTests, startCacheServer } from './http/cache-tests.ts'
import { type Compared, compare, isWrong, renderCompared } from './http/compare.ts'
import { runInterimTests, startInterimServer } from './http/interim-tests.ts'
import type { Outcomes } from './http/outcome.ts'

/** A server behind the gateway, and a client's tests of it. */
interface Suite {
  start(signal: AbortSignal): Promise<{ readonly port: number; close(): Promise<void> }>
  /** @param port of the server, or of the gateway before it */
  run(port: number, signal: AbortSignal): Promise<Outcomes>
  /** What the gateway refuses on purpose, by test, and why. */
  readonly purposes: ReadonlyMap<string, string>
}

const suites: readonly Suite[] = [
  {
    start: startCacheServer,
    run: runCacheTests,
    purposes: new Map([
      [
        'headers/headers-store-Transfer-Encoding (first exchange)',
        'RFC 9112 §6.1: a body in a transfer coding that nobody knows can be passed on by nobody',
      ],
    ]),
  },
  { start: startInterimServer, run: runInterimTests, purposes: new Map() },
]

/** Whether what passes straight to a server passes through a gateway too, test by test. */
export async function checkHttp(signal: AbortSignal): Promise<boolean> {
  const all: Compared[] = []
  for (const suite of suites) all.push(...(await compareSuite(suite, signal)))
  process.stdout.write(`${renderCompared(all)}\n`)
  return !all.some(isWrong)
}

async function compareSuite(
  { start, run, purposes }: Suite,
  signal: AbortSignal,
): Promise<readonly Compared[]> {
  const server = await start(signal)
  try {
    const gateway = await startGateway(serviceYaml({ endpoints: [server.port] }))
    try {
      const [direct, through] = await Promise.all([run(server.port, signal), run(gateway.port, signal)])
      return compare(direct, through, purposes)
    } finally {
      await gateway.close()
    }
  } finally {
    await server.close()
  }
}
