import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** One program of the control plane, writing to its own log. */
export class PartProcess {
  readonly name: string
  readonly #logFile: string
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #startFault: string | undefined

  constructor(name: string, file: string, args: readonly string[], logFile: string) {
    this.name = name
    this.#logFile = logFile
    const log = openSync(logFile, 'a')
    const [program = file, ...rest] = [...diesWithParent, file, ...args]
    // A process group of its own, so that Ctrl-C reaches the tests first and they end it.
    this.#child = spawn(program, rest, { detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    running.add(this)
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        running.delete(this)
        resolve()
      }
      this.#child.once('exit', end)
      this.#child.once('error', (error) => {
        this.#startFault = error.message
        end()
      })
    })
  }

  get isRunning(): boolean {
    return running.has(this)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  signal(signal: NodeJS.Signals): void {
    const pid = this.#child.pid
    if (pid === undefined || !this.isRunning) return
    try {
      process.kill(-pid, signal)
    } catch {
      // It ended between the check and the call.
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal)
    await this.#ended
  }

  /** The end of its log, for the message of a failure. */
  logTail(lines = 40): string {
    if (this.#startFault !== undefined) return this.#startFault
    return readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }
}

const running = new Set<PartProcess>()

// A worker that is killed outright runs no exit handler; where setpriv exists, the kernel ends what it started.
const diesWithParent: readonly string[] =
  spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' }).status === 0
    ? ['setpriv', '--pdeathsig', 'KILL']
    : []

process.on('exit', () => {
  for (const part of running) part.signal('SIGKILL')
})
