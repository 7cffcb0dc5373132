import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0
if (!hasHaproxy) {
  const line = 'haproxy is not on PATH (install it, for example with apt-get install haproxy)'
  if (process.env.CI === 'true') throw new Error(line)
  console.log(`skipped: ${line}`)
}

export interface Backend {
  readonly port: number
  /** Whose `/readyz` says whether it may have new connections. */
  readonly healthPort: number
}

/** HAProxy as a plain TCP balancer: it moves bytes, sends nothing twice, and asks gateways for their readiness. */
export async function startTcpBalancer(
  port: number,
  backends: readonly Backend[],
  /** How it tells whom it speaks for, if at all. */
  proxyHeader: '' | 'send-proxy' | 'send-proxy-v2' = '',
): Promise<{ stop(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-balancer-'))
  const file = join(folder, 'haproxy.cfg')
  const servers = backends.map(
    (backend, i) =>
      `  server gateway-${i} 127.0.0.1:${backend.port} check port ${backend.healthPort} inter 100ms fall 1 rise 1 ${proxyHeader}`,
  )
  const config = [
    'defaults',
    '  mode tcp',
    '  timeout connect 1s',
    '  timeout client 1m',
    '  timeout server 1m',
    // Otherwise `inter`: on a busy machine gateways that are well would be taken out.
    '  timeout check 5s',
    // A connection that was refused carries no byte yet: the other gateway may have it.
    '  option redispatch 1',
    '  retries 3',
    'listen gateways',
    `  bind 127.0.0.1:${port}`,
    '  balance roundrobin',
    '  option httpchk GET /readyz',
    ...servers,
    '',
  ]
  writeFileSync(file, config.join('\n'))
  const child: ChildProcess = spawn('haproxy', ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await untilAccepts(port)
  return {
    stop: () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilAccepts(port: number): Promise<void> {
  while (true) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}
