import type { GatewayConfig } from '../../src/cli/config.ts'
import { announceReady } from './announce.ts'
import { guarded, serveConsole } from './console.ts'
import { serveGateway } from './serve.ts'
import type { ServeConfig, ServeParts } from './serve-parts.ts'

/** A gateway that answers clients, in one process or in several. */
export interface Serving {
  /** Drains as the configuration says, and ends. */
  stop(): Promise<void>
}

/** A gateway in this process alone, said when it is ready; `undefined` when it was stopped before. */
export async function serveAlone(
  config: ServeConfig & Pick<GatewayConfig, 'listen' | 'console' | 'consoleToken'>,
  parts: Pick<
    ServeParts,
    'readerOf' | 'trust' | 'openerOf' | 'isSigned' | 'telemetry' | 'stopped' | 'onTable' | 'sharingOf'
  >,
): Promise<Serving | undefined> {
  let consolePort = config.console.port
  const serving = await serveGateway(config, {
    ...parts,
    listenAt: config.listen,
    isDiskReadOnly: false,
    openConsole: async (app) => {
      const server = await serveConsole(guarded(app, config.consoleToken), config.console)
      consolePort = server.port
      return server
    },
  })
  if (serving === undefined) return undefined
  announceReady({
    routes: serving.routes(),
    host: config.listen.host,
    port: serving.port,
    securePort: serving.securePort,
    consoleHost: config.console.host,
    consolePort,
  })
  return { stop: () => serving.stop(config.drainDelayMs) }
}
