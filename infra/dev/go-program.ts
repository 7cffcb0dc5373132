// Programs of Go modules that tests run against, built once into the cache.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { withLock } from './build-lock.ts'

export interface GoProgram {
  readonly name: string
  /** The environment variable that tells the tests where the program is. */
  readonly variable: string
  /** The folder of go.mod. */
  readonly module: string
  readonly package: string
  /** What the program is made of; go.mod and go.sum name the rest. */
  readonly sources: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Builds it where the cache, outside the checkout, lacks it. Where it cannot be had its tests are skipped; with CI set that is an error. */
export async function prepareGoProgram(
  program: GoProgram,
  environment: Environment,
  tell: (line: string) => void,
): Promise<string | undefined> {
  const told = environment[program.variable]
  if (told) return told
  const { name } = program
  const file = join(environment.HOME || homedir(), '.cache', 'postern', `${name}-${digestOf(program)}`)
  if (existsSync(file)) return file
  mkdirSync(dirname(file), { recursive: true })
  const onWait = (pid: number): void => tell(`${name}: waiting for the build of process ${pid}…`)
  const isBuilt = await withLock(`${file}.lock`, onWait, async () => existsSync(file) || build(program, file))
  if (isBuilt) return file
  if (environment.CI === 'true') throw new Error(`Cannot build ${name}`)
  tell(`${name}: it cannot be built; its tests are skipped`)
  return undefined
}

function build({ module, package: main }: GoProgram, file: string): boolean {
  const args = ['build', '-p', '2', '-trimpath', '-ldflags', '-s -w', '-o', `${file}.unfinished`, main]
  const isBuilt = ['go', '/usr/local/go/bin/go'].some((go) => {
    const env = { ...process.env, CGO_ENABLED: '0' }
    return spawnSync(go, args, { cwd: module, env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  })
  if (isBuilt) renameSync(`${file}.unfinished`, file)
  return isBuilt
}

/** Whatever it is made of is in its name: another version is another file. */
function digestOf({ module, sources }: GoProgram): string {
  const hash = createHash('sha256')
  for (const source of ['go.mod', 'go.sum', ...sources]) hash.update(readFileSync(join(module, source)))
  return hash.digest('hex').slice(0, 16)
}
