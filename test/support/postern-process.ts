import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { keyVariables } from './keys.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const READY =
  /^postern: ready, (\d+) routes? on http:\/\/[^ ]*:(\d+)(?: and https:\/\/[^ ]*:(\d+))?, console on (http:\/\/[^ ]*)$/m
const AGENT = /^postern: agent of cluster .*, health on (http:\/\/\S+)$/m
const RELAY = /^postern: relay of cluster .* on http:\/\/[^ ]*:(\d+), health on (http:\/\/\S+)$/m
const READY_WITHIN_MS = 20_000

/** The real program in a process of its own. */
export interface PosternProcess {
  readonly child: ChildProcess
  /** All that it has said on standard error. */
  said(): string
  /** @returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface AgentProcess extends PosternProcess {
  /** Base URL of the operator's port. */
  readonly console: string
  /** Whether everything has been listed and published, here or by another agent. */
  isReady(): Promise<boolean>
  /** Whether it is ready, and the one that publishes. */
  isLeading(): Promise<boolean>
}

export interface ServingProcess extends PosternProcess {
  /** Where clients are answered. */
  readonly port: number
  /** Where they are answered by TLS; 0: nowhere. */
  readonly securePort: number
  /** Base URL of the operator's port. */
  readonly console: string
}

/** @param around what runs the program, with it as its last arguments, and then becomes it */
export function startPostern(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  around: readonly string[] = [],
): PosternProcess {
  const [file = process.execPath, ...rest] = [...around, process.execPath, 'workers/node/postern.ts', ...args]
  const child = spawn(file, rest, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...keyVariables, ...env },
  })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const exited = once(child, 'exit')
  return {
    child,
    said: () => text,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      await exited
      return child.exitCode
    },
  }
}

/** Starts a command that serves (`up`, `gateway`) on free ports, and waits for its ready line. */
export async function startServing(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  around: readonly string[] = [],
  withinMs: number = READY_WITHIN_MS,
): Promise<ServingProcess> {
  const [command = '', ...rest] = args
  // First, so that a caller's own win.
  const addresses = ['--listen', '127.0.0.1:0', '--console', '127.0.0.1:0', '--access-log', 'off']
  const started = startPostern([command, ...addresses, ...rest], env, around)
  const ready = await untilSaid(started, READY, withinMs)
  return { ...started, port: Number(ready[2]), securePort: Number(ready[3] ?? 0), console: ready[4] ?? '' }
}

/** Starts an agent, and waits until its health can be asked. */
export async function startAgent(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<AgentProcess> {
  const started = startPostern(['agent', '--console', '127.0.0.1:0', ...args], env)
  const console = (await untilSaid(started, AGENT))[1] ?? ''
  const isReady = async () => (await fetch(`${console}/readyz`)).status === 200
  const isLeading = async () => (await (await fetch(`${console}/readyz`)).text()) === 'ready'
  return { ...started, console, isReady, isLeading }
}

/** Starts a relay on free ports, and waits until it listens. */
export async function startRelayProcess(args: readonly string[]): Promise<ServingProcess> {
  const addresses = ['--listen', '127.0.0.1:0', '--console', '127.0.0.1:0']
  const started = startPostern(['relay', ...addresses, ...args])
  const match = await untilSaid(started, RELAY)
  return { ...started, port: Number(match[1]), securePort: 0, console: match[2] ?? '' }
}

function untilSaid(
  { child, said }: PosternProcess,
  pattern: RegExp,
  withinMs = READY_WITHIN_MS,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`postern ${child.spawnargs.slice(2).join(' ')} ${why}:\n${said()}`))
    const limit = setTimeout(() => fail('was not ready in time'), withinMs)
    const look = (): void => {
      const match = pattern.exec(said())
      if (match === null) return
      clearTimeout(limit)
      resolve(match)
    }
    child.stderr?.on('data', look)
    child.once('exit', () => fail('ended'))
  })
}
