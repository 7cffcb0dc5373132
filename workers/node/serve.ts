import { createConsole } from '../../src/console/app.ts'
import type { RouteStatus } from '../../src/gateway/route-status.ts'
import { systemTimers } from '../../src/model/clock.node.ts'
import { gatewayView } from './gateway-view.ts'
import { countOutsideWithHeap, holdYoungSpace } from './heap.ts'
import { openGateway } from './open-gateway.ts'
import type { ServeConfig, ServeParts } from './serve-parts.ts'

export interface ServingGateway {
  /** Where clients are answered. */
  readonly port: number
  /** Where they are answered by TLS. */
  readonly securePort: number | undefined
  routes(): readonly RouteStatus[]
  /** Drains, for as long as the configuration says, and ends. @param delayMs unready, but still accepting */
  stop(delayMs: number): Promise<void>
}

/**
 * A gateway in this process: the console at once, clients once there is a table to route by.
 * Resolves when clients are listened for; `undefined` when stopped before.
 */
export async function serveGateway(
  config: ServeConfig,
  parts: ServeParts,
): Promise<ServingGateway | undefined> {
  countOutsideWithHeap()
  const letYoungSpaceGrow = holdYoungSpace()
  const gateway = openGateway(config, parts)
  const { clusters, listener, finders, road, loaded } = gateway
  let phase: 'starting' | 'listening' | 'draining' = 'starting'
  const view = gatewayView({ clusters, ...finders, telemetry: parts.telemetry, road, phase: () => phase })
  const operator = await parts.openConsole(createConsole(view))
  const following = new AbortController()
  const done = clusters.run(following.signal)
  const end = async (): Promise<void> => {
    following.abort()
    gateway.close()
    await Promise.all([done, operator.close()])
  }
  if ((await Promise.race([loaded, parts.stopped.then(() => 'stopped')])) === 'stopped') {
    await end()
    return undefined
  }
  letYoungSpaceGrow()
  const port = await listener.listen(parts.listenAt)
  const secureAt = parts.listenSecurelyAt ?? config.httpsListen
  const securePort = gateway.speaksTls && secureAt ? await listener.listenSecurely(secureAt) : undefined
  phase = 'listening'
  return {
    port,
    securePort,
    routes: () => clusters.routes(),
    stop: async (delayMs) => {
      phase = 'draining'
      listener.startDraining()
      await new Promise((resolve) => systemTimers.start(delayMs, () => resolve(undefined)))
      await listener.close(config.drainTimeoutMs)
      await end()
    },
  }
}
