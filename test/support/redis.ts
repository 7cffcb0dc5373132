import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { freePort } from './free-port.ts'

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** As one command of redis-cli. */
  cli(...args: readonly string[]): string
  /** Ends it at once, as a crash does; nothing is kept. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  /** Stops answering, with connections open. */
  freeze(): void
  thaw(): void
}

/** True where a redis-server can be run; with CI=true its absence is a failure of its own. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
if (!hasRedis) {
  const line = 'redis-server is not on PATH (install it, for example with apt-get install redis-server)'
  if (process.env.CI === 'true') throw new Error(line)
  console.log(`skipped: ${line}`)
}

/** A real redis-server of its own on a free loopback port, without persistence. */
export async function startRedis(extra: readonly string[] = [], at?: number): Promise<RedisServer> {
  const port = at ?? (await freePort())
  let child: ChildProcess | undefined
  const cli = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('redis-cli', ['-p', `${port}`, ...args], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`Cannot run redis-cli ${args.join(' ')}: ${stderr}${stdout}`)
    return stdout.trim()
  }
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    cli,
    start: async () => {
      const flags = [
        ...['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
        // What replicas are sent goes through a file.
        ...['--dir', tmpdir(), '--dbfilename', `postern-${port}.rdb`, '--rdb-del-sync-files', 'yes'],
        ...extra,
      ]
      child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] })
      const output = child.stdout
      if (output === null) throw new Error('Cannot read what redis-server says')
      let said = ''
      for await (const chunk of output.iterator({ destroyOnReturn: false })) {
        said += String(chunk)
        if (said.includes('Ready to accept connections')) break
      }
      if (!said.includes('Ready to accept')) throw new Error(`redis-server on port ${port} ended: ${said}`)
      output.resume()
    },
    kill: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  }
  await server.start()
  return server
}
