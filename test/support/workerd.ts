import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

export interface WorkerBundle {
  /** The one module that would be uploaded. */
  readonly script: string
  readonly metafile: string
  remove(): void
}

/** Bundles the Worker as `wrangler deploy` does, without the upload. */
export function bundleWorker(): WorkerBundle {
  const folder = mkdtempSync(join(tmpdir(), 'postern-worker-'))
  const metafile = join(folder, 'meta.json')
  const args = ['deploy', '--dry-run', '--outdir', join(folder, 'out'), `--metafile=${metafile}`]
  const result = spawnSync(bin('wrangler'), args, {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: 'false',
      PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
    },
  })
  if (result.status !== 0) throw new Error(`Cannot bundle the Worker: ${result.stdout}${result.stderr}`)
  return {
    script: join(folder, 'out', 'worker.js'),
    metafile,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface WorkerdOptions {
  readonly script: string
  readonly bindings: Readonly<Record<string, string>>
  /** Whom `CF-Connecting-IP` names, as the platform's edge would, whatever the client sent. */
  readonly clientAddress?: string
  readonly onLog?: (line: string) => void
  /** Which core it may use; all when undefined. */
  readonly core?: number
  /** Where V8's inspector listens, as `address:port`; nowhere when undefined. */
  readonly inspector?: string
}

export interface Workerd {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

const listenSchema = v.object({ event: v.literal('listen'), socket: v.literal('http'), port: v.number() })

/** Cloudflare's own runtime, serving a Worker on a free loopback port. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-workerd-'))
  const config = join(folder, 'config.capnp')
  writeFileSync(config, configOf(options))
  // What is embedded lies beside the configuration.
  copyFileSync(options.script, join(folder, 'worker.js'))
  const pin = options.core === undefined ? [] : ['taskset', '-c', `${options.core}`]
  const inspector = options.inspector === undefined ? [] : [`--inspector-addr=${options.inspector}`]
  const [command = '', ...args] = [...pin, bin('workerd'), 'serve', '--control-fd=3', ...inspector, config]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const said: string[] = []
  let isStopping = false
  const exited = new Promise<void>((resolve) =>
    child.once('exit', (code, signal) => {
      if (!isStopping) console.error(`workerd ended by itself: ${signal ?? code}\n${said.join('\n')}`)
      resolve()
    }),
  )
  for (const stream of [child.stdio[1], child.stdio[2]]) {
    if (!(stream instanceof Readable)) continue
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line)
      options.onLog?.(line)
    })
  }
  const control = child.stdio[3]
  if (!(control instanceof Readable)) throw new Error('Cannot read from workerd')
  const stop = async (): Promise<void> => {
    isStopping = true
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  const listening = portFrom(control)
  const port = await Promise.race([listening, exited.then(() => undefined)])
  if (port === undefined || child.pid === undefined) {
    await stop()
    throw new Error(`workerd did not start: ${said.join('\n')}`)
  }
  return { port, pid: child.pid, stop }
}

async function portFrom(control: Readable): Promise<number | undefined> {
  for await (const line of createInterface({ input: control })) {
    const parsed = v.safeParse(listenSchema, JSON.parse(line))
    if (parsed.success) return parsed.output.port
  }
  return undefined
}

/** As wrangler.toml has them, so that what is tested is what is deployed. */
function compatibility(): { readonly date: string; readonly flags: readonly string[] } {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8')
  const date = /^compatibility_date = "([\d-]+)"$/m.exec(toml)?.[1]
  const flags = /^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1]
  if (date === undefined || flags === undefined)
    throw new Error('Cannot read the compatibility in wrangler.toml')
  return { date, flags: v.parse(v.array(v.string()), JSON.parse(flags)) }
}

function configOf({ bindings, clientAddress = '127.0.0.1' }: WorkerdOptions): string {
  const quote = (text: string): string => JSON.stringify(text)
  const settings = compatibility()
  const vars = Object.entries(bindings).map(
    ([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`,
  )
  return `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      modules = [(name = "worker", esModule = embed "worker.js")],
      compatibilityDate = ${quote(settings.date)},
      compatibilityFlags = [${settings.flags.map(quote).join(', ')}],
      bindings = [${vars.join(', ')}],
      globalOutbound = "everywhere"
    )),
    (name = "everywhere", network = (allow = ["public", "private", "local"]))
  ],
  sockets = [(
    name = "http", address = "127.0.0.1:0", service = "worker",
    http = (injectRequestHeaders = [(name = "CF-Connecting-IP", value = ${quote(clientAddress)})])
  )]
);
`
}
