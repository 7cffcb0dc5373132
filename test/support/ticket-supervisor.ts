// A supervisor of two workers whose clock stands still: at each line on its input eight hours pass. Its command line is that
// of `postern gateway`, with addresses.
import { createInterface } from 'node:readline'
import { parseCommandLine } from '../../src/cli/command-line.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import { SharedPorts } from '../../workers/node/supervisor/shared-ports.ts'
import { Supervisor } from '../../workers/node/supervisor/supervisor.ts'
import { TicketIssuer } from '../../workers/node/supervisor/ticket-issuer.ts'
import { WorkerProcess } from '../../workers/node/supervisor/worker-process.ts'
import { ManualTimers } from './manual-timers.ts'

const EIGHT_HOURS_MS = 8 * 3_600_000

const line = parseCommandLine(process.argv.slice(2), process.env, 'test')
if (line.type !== 'run' || line.config.command !== 'gateway')
  throw new Error('Not the command line of postern gateway')
const { listen, httpsListen } = line.config
const ports = await SharedPorts.open([listen, httpsListen ?? []].flat())
const timers = new ManualTimers()
const tickets = new TicketIssuer(timers, (keys) => supervisor.renewTickets(keys))
const supervisor = new Supervisor({
  count: 2,
  ports,
  spawn: (number, sockets) =>
    new WorkerProcess({ number, sockets, relay: undefined, ticketKeys: tickets.keys, killAfterMs: 5_000 }),
  clock: systemClock,
  timers: systemTimers,
  onTrouble: (error) => console.error(error.message),
  onRestart: () => {},
})
await supervisor.start()
console.log('started')
for await (const _ of createInterface(process.stdin)) {
  timers.pass(EIGHT_HOURS_MS)
  console.log(`renewed ${tickets.keys.length}`)
}
tickets.stop()
await supervisor.stop(0)
