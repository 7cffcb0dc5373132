// The proxy that makes a network slow, or cuts it: the fault tests stand it between Postern and Redis.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './build-lock.ts'

/** The environment variable that tells the tests the program. */
export const TOXIPROXY = 'POSTERN_TOXIPROXY'

const MODULE = fileURLToPath(new URL('../../test/system/toxiproxy', import.meta.url))
const PACKAGE = 'github.com/Shopify/toxiproxy/v2/cmd/server'

type Environment = Readonly<Record<string, string | undefined>>

/** Builds it where the cache, outside the checkout, lacks it. Where it cannot be had its tests are skipped; with CI set that is an error. */
export async function prepareToxiproxy(
  environment: Environment,
  tell: (line: string) => void,
): Promise<string | undefined> {
  const told = environment[TOXIPROXY]
  if (told) return told
  const file = join(environment.HOME || homedir(), '.cache', 'postern', `toxiproxy-${version()}`)
  if (existsSync(file)) return file
  mkdirSync(dirname(file), { recursive: true })
  const onWait = (pid: number): void => tell(`toxiproxy: waiting for the build of process ${pid}…`)
  const isBuilt = await withLock(`${file}.lock`, onWait, async () => existsSync(file) || build(file))
  if (isBuilt) return file
  if (environment.CI === 'true') throw new Error('Cannot build toxiproxy')
  tell('toxiproxy: it cannot be built; its tests are skipped')
  return undefined
}

function build(file: string): boolean {
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', `${file}.unfinished`, PACKAGE]
  const isBuilt = ['go', '/usr/local/go/bin/go'].some((go) => {
    const env = { ...process.env, CGO_ENABLED: '0' }
    return spawnSync(go, args, { cwd: MODULE, env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  })
  if (isBuilt) renameSync(`${file}.unfinished`, file)
  return isBuilt
}

function version(): string {
  const found = /toxiproxy\/v2 (v\S+)/.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))?.[1]
  if (found === undefined) throw new Error(`Cannot read the version of toxiproxy in ${MODULE}`)
  return found
}
