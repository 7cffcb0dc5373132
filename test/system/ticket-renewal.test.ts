import { type ChildProcess, spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { makeAuthority } from '../support/certificate-maker.ts'
import { freePort } from '../support/free-port.ts'
import { keyVariables } from '../support/keys.ts'
import { hasRedis } from '../support/redis.ts'
import { sessionOf, shake } from '../support/tls-gateway.ts'
import { HOST, startTlsRegistry } from '../support/tls-registry.ts'

const MAIN = 'test/support/ticket-supervisor.ts'
/** The kernel chooses the worker: of so many connections some come to each. */
const TRIES = 12

/** Two workers, and a supervisor for whom eight hours pass when it is told so. */
async function start() {
  const { source } = await startTlsRegistry(makeAuthority())
  const [plain, port] = [await freePort(), await freePort()]
  const flags = [
    '--listen',
    `127.0.0.1:${plain}`,
    '--https-listen',
    `127.0.0.1:${port}`,
    '--access-log',
    'off',
  ]
  const child = spawn(process.execPath, [MAIN, 'gateway', ...source, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...keyVariables },
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  onTestFinished(async () => {
    child.stdin.end()
    await ended(child)
  })
  const until = (word: RegExp, count: number) =>
    waitFor(
      `the supervisor to say ${word}`,
      () => said.match(word)?.length ?? 0,
      (found) => found === count || child.exitCode !== null,
    )
  await until(/^started$/gm, 1)
  let renewals = 0
  const renew = async (): Promise<void> => {
    child.stdin.write('\n')
    await until(/^renewed 2$/gm, ++renewals)
  }
  return { port, renew }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => child.once('exit', resolve))
}

test.skipIf(!hasRedis).each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a session goes on at every worker while its key is kept, and no longer (%s)',
  async (version) => {
    const { port, renew } = await start()
    const options = { servername: HOST, minVersion: version, maxVersion: version }
    const newSession = async (): Promise<Buffer> => {
      const socket = await shake(port, options)
      const session = await sessionOf(socket)
      socket.destroy()
      return session
    }
    /** Of so many connections those that it went on with. */
    const resumed = async (session: Buffer): Promise<number> => {
      let count = 0
      for (let i = 0; i < TRIES; i++) {
        const socket = await shake(port, { ...options, session })
        if (socket.isSessionReused()) count++
        socket.destroy()
      }
      return count
    }
    const first = await newSession()
    expect(await resumed(first)).toBe(TRIES)
    await renew()
    expect(await resumed(first)).toBe(TRIES)
    // What was made two renewals ago is worth nothing.
    await renew()
    await waitFor(
      'the first key to be gone from both',
      () => resumed(first),
      (count) => count === 0,
    )
    const last = await newSession()
    expect(await resumed(last)).toBe(TRIES)
  },
)
