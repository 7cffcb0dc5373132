import { availableParallelism } from 'node:os'
import type { GatewayConfig, UpConfig } from '../../src/cli/config.ts'
import type { WorkerCount } from '../../src/cli/worker-count.ts'
import { createGroupConsole, type WorkerView } from '../../src/console/group.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import { observeWorkers } from '../../src/telemetry/worker-instruments.ts'
import { guarded, serveConsole } from './console.ts'
import { say } from './say.ts'
import type { Serving } from './serve-alone.ts'
import type { Relay } from './supervisor/messages.ts'
import { SharedPorts } from './supervisor/shared-ports.ts'
import { Supervisor } from './supervisor/supervisor.ts'
import { TicketIssuer } from './supervisor/ticket-issuer.ts'
import { WorkerProcess } from './supervisor/worker-process.ts'
import type { Telemetry } from './telemetry.ts'

export interface GroupParts {
  readonly count: number
  readonly telemetry: Telemetry
  readonly stopped: Promise<unknown>
  /** The registry that this process holds for them; undefined: each reads its own. */
  readonly relay?: Relay | undefined
}

/** What a worker may need beyond the drain to write what is left. */
const END_MS = 10_000

/** How many processes shall serve; the limit of a container counts. */
export function countWorkers(workers: WorkerCount): number {
  return workers === 'auto' ? availableParallelism() : workers
}

/** A gateway of several processes, which this one holds; `undefined` when it was stopped before. SIGHUP renews them. */
export async function serveGroup(
  config: GatewayConfig | UpConfig,
  { count, telemetry, stopped, relay }: GroupParts,
): Promise<Serving | undefined> {
  const ports = await SharedPorts.open([config.listen, config.httpsListen ?? []].flat())
  const tickets = new TicketIssuer(systemTimers, (keys) => supervisor.renewTickets(keys))
  const supervisor = new Supervisor({
    count,
    ports,
    spawn: (number, sockets) =>
      new WorkerProcess({
        number,
        sockets,
        relay,
        ticketKeys: tickets.keys,
        killAfterMs: config.drainTimeoutMs + END_MS,
      }),
    clock: systemClock,
    timers: systemTimers,
    onTrouble: say,
    onRestart: () => onRestart(),
  })
  const serving = (): number => supervisor.places.filter(({ worker }) => worker?.phase === 'serving').length
  const onRestart = observeWorkers(telemetry.meter, count, serving)
  const operator = await serveConsole(
    guarded(
      createGroupConsole({
        notReadyReason: () => supervisor.notReadyReason,
        workers: () => workersOf(supervisor),
        metrics: () => telemetry.prometheus(),
      }),
      config.consoleToken,
    ),
    config.console,
  )
  process.on('SIGHUP', () => supervisor.reload())
  const stop = async (): Promise<void> => {
    tickets.stop()
    await supervisor.stop(config.drainDelayMs)
    await operator.close()
  }
  if ((await Promise.race([supervisor.start(), stopped.then(() => 'stopped')])) === 'stopped') {
    await stop()
    return undefined
  }
  console.error(`postern: ${count} workers, renewed one by one on SIGHUP to process ${process.pid}`)
  supervisor.places[0]?.worker?.announce(operator.port)
  return { stop }
}

function workersOf({ places }: Supervisor): WorkerView[] {
  return places.map(({ number, restarts, worker }) => ({
    worker: number,
    pid: worker?.pid ?? null,
    phase: worker?.phase ?? 'waiting',
    restarts,
    ask: async (path, posted) => {
      if (worker === undefined) throw new Error(`Worker ${number} is not there`)
      return await worker.ask(path, posted)
    },
  }))
}
