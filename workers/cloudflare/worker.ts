import type { Hono } from 'hono'
import type { EdgeFacts, FetchGateway } from '../../src/gateway/fetch-gateway.ts'
import { parseConfig } from './config.ts'
import { createGateway } from './gateway.ts'
import { clock, createDialer, type Env, pipe, platformFetch, timers } from './platform.ts'
import { createReserved, RESERVED_PREFIX } from './reserved.ts'
import { createTracing } from './tracing.ts'
import { createTroubleLog } from './trouble-log.ts'

interface Shell {
  readonly gateway: FetchGateway
  readonly reserved: Hono
}

/** One isolate's gateway: made by its first request, since nothing is known before of the variables. */
let shell: Shell | readonly string[] | undefined

export default {
  async fetch(request, env, context): Promise<Response> {
    shell ??= makeShell(env)
    if ('length' in shell) return misconfigured(shell)
    if (isReserved(request.url)) return await shell.reserved.fetch(request)
    return await shell.gateway.handle(request, edgeFacts(request), context)
  },
} satisfies ExportedHandler<Env>

function makeShell(env: Env): Shell | readonly string[] {
  const parsed = parseConfig(env)
  if (!parsed.ok) return parsed.faults
  const { config } = parsed
  if (config.UNSIGNED === 'on')
    console.warn(
      'postern: warning: records are taken without signatures (UNSIGNED): the relay decides where requests go',
    )
  const parts = { clock, timers, random: Math.random, fetch: platformFetch }
  const tracing = createTracing(config, { ...parts, print: (line) => console.log(line) })
  const made = createGateway(config, {
    ...parts,
    ...tracing,
    pipe,
    dialer: createDialer(config, env),
    counter: env.RATE_LIMITER,
    onTrouble: createTroubleLog(clock, (line) => console.error(line)),
  })
  return {
    gateway: made.gateway,
    reserved: createReserved({ ...made, ...tracing, clock, statusToken: config.STATUS_TOKEN }),
  }
}

function isReserved(url: string): boolean {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  return url.startsWith(RESERVED_PREFIX, start)
}

/** The platform's edge sets both itself, whatever the client sent. */
function edgeFacts({ headers, cf }: Request): EdgeFacts {
  const protocol = cf?.httpProtocol
  return {
    clientAddress: headers.get('cf-connecting-ip') ?? '',
    httpVersion: typeof protocol === 'string' ? protocol.replace('HTTP/', '') : '1.1',
  }
}

function misconfigured(faults: readonly string[]): Response {
  for (const fault of faults) console.error(`postern: ${fault}`)
  return new Response('postern: proxy_configuration_error\n', { status: 500 })
}
