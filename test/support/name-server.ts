import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

export const hasNameServer = spawnSync('dnsmasq', ['--version']).status === 0
if (!hasNameServer) {
  const line = 'dnsmasq is not on PATH (install it, for example with apt-get install dnsmasq-base)'
  if (process.env.CI === 'true') throw new Error(line)
  console.log(`skipped: ${line}`)
}

export interface NameServer {
  /** `host:port` */
  readonly address: string
  /** From now on it knows these names and no others. */
  answer(names: Readonly<Record<string, readonly string[]>>): void
  stop(): void
}

/** A real DNS server (dnsmasq) on loopback, with a TTL of one second. */
export async function startNameServer(): Promise<NameServer> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-dns-'))
  const hosts = join(folder, 'hosts')
  writeFileSync(hosts, '')
  const port = await freePort()
  const flags = ['--keep-in-foreground', '--log-facility=-', '--no-resolv', '--no-hosts', '--user=root']
  const listen = ['--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`, '--local-ttl=1']
  const child: ChildProcess = spawn('dnsmasq', [...flags, ...listen, `--addn-hosts=${hosts}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const { stderr } = child
  if (stderr === null) throw new Error('Cannot read what dnsmasq says')
  let said = ''
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  while (!said.includes('started')) await once(stderr, 'data')
  return {
    address: `127.0.0.1:${port}`,
    answer: (names) => {
      const lines = Object.entries(names).flatMap(([name, addresses]) =>
        addresses.map((ip) => `${ip} ${name}`),
      )
      writeFileSync(hosts, `${lines.join('\n')}\n`)
      child.kill('SIGHUP')
    },
    stop: () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
