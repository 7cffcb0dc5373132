import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import type { Outcomes } from './outcome.ts'

const SERVER = fileURLToPath(import.meta.resolve('http-cache-tests/server/server.mjs'))
const CLIENT = fileURLToPath(new URL('cache-client.ts', import.meta.url))
const LISTENING = /^Listening on http:\/\/\S*:(\d+)\/$/m

/** The server of http-tests' cache-tests, in a process of its own: it says what its client has told it to. */
export async function startCacheServer(signal: AbortSignal) {
  // Its own program reads these of npm.
  const env = { npm_config_protocol: 'http', npm_config_port: '0', npm_config_pidfile: '/dev/null' }
  const child = spawn(process.execPath, [SERVER], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  })
  child.on('error', () => {})
  const port = await readPort(child)
  return {
    port,
    close: async () => {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    },
  }
}

async function readPort(child: ChildProcess): Promise<number> {
  let said = ''
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    said += chunk
    const port = LISTENING.exec(said)?.[1]
    if (port === undefined) continue
    // What it says of each request is not needed, and must not stop it.
    child.stdout?.resume()
    return Number(port)
  }
  throw new Error(`The server of http-cache-tests does not listen: ${said}`)
}

const results = v.record(v.string(), v.union([v.literal(true), v.tuple([v.string(), v.string()])]))

/** Runs its client, in a process of its own: the tests are changed by running. */
export async function runCacheTests(port: number, signal: AbortSignal): Promise<Outcomes> {
  const child = spawn(process.execPath, [CLIENT, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`The client of http-cache-tests ended with ${code}`)
  const outcomes = v.parse(results, JSON.parse(said))
  return new Map(
    Object.entries(outcomes).map(([id, outcome]) => [id, outcome === true ? undefined : outcome.join(': ')]),
  )
}
