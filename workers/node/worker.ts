import { parseCommandLine } from '../../src/cli/command-line.ts'
import type { GatewayConfig, UpConfig } from '../../src/cli/config.ts'
import type { RegistrySource } from '../../src/cli/registry-source.ts'
import { asError } from '../../src/model/as-error.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { type TicketKey, TicketRing, ticketKey } from '../../src/tls/ticket-keys.ts'
import { announceProblems, announceReady } from './announce.ts'
import { type OpenLimits, openLimits } from './open-limits.ts'
import { openReaders } from './open-registry.ts'
import { openOpeners, openPlain } from './open-sealing.ts'
import { readTrust, trustAnybody } from './open-trust.ts'
import { nameSpeaker, say } from './say.ts'
import { serveGateway } from './serve.ts'
import { soleCluster } from './serve-parts.ts'
import { type Relay, SECURE_SOCKET_FD, SOCKET_FD } from './supervisor/messages.ts'
import { Supervised } from './supervisor/supervised.ts'
import { startTelemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

/** A gateway in one of several processes, on a socket that its supervisor holds. */
async function main(): Promise<void> {
  const supervised = new Supervised()
  const { worker, relay, ticketKeys } = await supervised.started
  nameSpeaker(`worker ${worker}`)
  const config = readConfig()
  const isSigned = config.command === 'gateway' && config.trust.type === 'keys'
  const trust = config.command === 'gateway' ? readTrust(config.trust) : trustAnybody
  const registry = openReaders(sourceOf(config, relay), trust)
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern',
    version: VERSION,
    clock: systemClock,
    sharesStdout: true,
  })
  const limits = limitsOf(config)
  const clusters = config.command === 'gateway' ? config.clusters : soleCluster(config.cluster)
  // What all would say and write alike, one does.
  const isFirst = worker === 0
  const serving = await serveGateway(
    { ...config, clusters },
    {
      readerOf: registry.readerOf,
      trust,
      openerOf: config.command === 'gateway' ? await openOpeners(config.sealingKeys) : openPlain,
      isSigned,
      telemetry,
      stopped: supervised.stopped,
      listenAt: { fd: SOCKET_FD },
      listenSecurelyAt: { fd: SECURE_SOCKET_FD },
      tickets: ticketsOf(supervised, ticketKeys),
      isDiskReadOnly: !isFirst,
      sharingOf: limits.sharingOf,
      onTable: (served) => {
        if (isFirst && config.command === 'up') announceProblems(served.problems())
      },
      openConsole: async (console) => {
        supervised.openConsole(console)
        return { close: async () => {} }
      },
    },
  )
  supervised.becomeReady((consolePort) => {
    if (serving === undefined) return
    const { listen, console } = config
    const { port, securePort } = serving
    announceReady({
      routes: serving.routes(),
      ...listen,
      port,
      securePort,
      consoleHost: console.host,
      consolePort,
    })
  })
  await serving?.stop(await supervised.stopped)
  limits.close()
  await registry.close()
  await telemetry.shutdown()
}

/** The keys of all workers, renewed when the supervisor says so. */
function ticketsOf(supervised: Supervised, keys: readonly string[]): TicketRing {
  const [first, ...others] = keys.map(readKey)
  if (first === undefined) throw new Error('Cannot be a worker: it was given no ticket keys')
  const ring = new TicketRing([first, ...others])
  // A file of keys goes before those of the supervisor.
  if (readConfig().ticketKeys === undefined) supervised.onTicketKeys = (newer) => ring.set(newer.map(readKey))
  return ring
}

function readKey(base64: string): TicketKey {
  return ticketKey(Buffer.from(base64, 'base64'))
}

/** The same command line as the supervisor's. */
function readConfig(): GatewayConfig | UpConfig {
  const line = parseCommandLine(process.argv.slice(2), process.env, VERSION)
  if (line.type === 'run' && (line.config.command === 'gateway' || line.config.command === 'up'))
    return line.config
  throw new Error("Cannot be a worker: its command line is not a gateway's")
}

/** Workers count apart from each other, but where there is a Redis to count in. */
function limitsOf(config: GatewayConfig | UpConfig): OpenLimits {
  return config.command === 'gateway' ? openLimits(config) : { sharingOf: () => 'apart', close: () => {} }
}

function sourceOf(config: GatewayConfig | UpConfig, relay: Relay | null): RegistrySource {
  if (relay !== null)
    return { type: 'relay', url: relay.url, token: { type: 'given', tokens: [relay.token] } }
  if (config.command === 'gateway') return config.registry
  throw new Error('Cannot be a worker: it was told of no registry')
}

try {
  await main()
  process.exit(0)
} catch (error) {
  say(asError(error))
  process.exit(1)
}
