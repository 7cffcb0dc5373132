import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './build-lock.ts'

const PROGRESS_EVERY_MS = 60_000

export interface ClusterBuild {
  /** Where the programs go. */
  readonly folder: string
  /** The Kubernetes release, such as "v1.35.4". */
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly tell: (line: string) => void
  /** Names or paths; the first that runs is used. */
  readonly goPrograms: readonly string[]
}

interface Step {
  readonly module: string
  readonly programs: readonly string[]
  readonly packages: readonly string[]
  readonly linkerFlags: readonly string[]
}

/** Builds the programs that the folder lacks. Gives the reason where that cannot be done. */
export async function buildClusterBinaries(build: ClusterBuild): Promise<string | undefined> {
  const go = findGo(build)
  if (go === undefined) {
    return `${build.folder} has no test cluster, and there is no Go to build it with`
  }
  const onWait = (pid: number): void => build.tell(`Test cluster: waiting for the build of process ${pid}…`)
  return await withLock(`${build.folder}.lock`, onWait, async () => {
    for (const step of stepsOf(build.version)) {
      // Another process may have built it while this one waited.
      if (step.programs.every((program) => existsSync(join(build.folder, program)))) continue
      const fault = await buildModule(go, step, build)
      if (fault !== undefined) return fault
    }
    return undefined
  })
}

function stepsOf(version: string): readonly Step[] {
  const [major, minor] = version.slice(1).split('.')
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const programs = ['kube-apiserver', 'kube-controller-manager']
  return [
    { module: 'etcd', programs: ['etcd'], packages: ['.'], linkerFlags: [] },
    {
      module: 'kubernetes',
      programs,
      packages: programs.map((program) => `k8s.io/kubernetes/cmd/${program}`),
      linkerFlags: Object.entries(values).map(
        ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
      ),
    },
  ]
}

async function buildModule(go: string, step: Step, build: ClusterBuild): Promise<string | undefined> {
  const { folder, tell } = build
  const names = step.programs.join(' and ')
  tell(`Test cluster: building ${names} with ${go}. The first time, all of it takes 15 to 25 minutes.`)
  mkdirSync(folder, { recursive: true })
  const unfinished = mkdtempSync(`${folder}.building-`)
  const startedAt = performance.now()
  const minutes = (): string => ((performance.now() - startedAt) / 60_000).toFixed(1)
  const progress = setInterval(() => tell(`Test cluster: … ${minutes()} min`), PROGRESS_EVERY_MS)
  try {
    const code = await runGo(go, step, unfinished, build)
    if (code !== 0) return `go build of ${names} ended with ${code}`
    // A whole program or none, whatever interrupts this.
    for (const program of step.programs) renameSync(join(unfinished, program), join(folder, program))
    tell(`Test cluster: built ${names} in ${minutes()} min`)
    return undefined
  } finally {
    clearInterval(progress)
    rmSync(unfinished, { recursive: true, force: true })
  }
}

function runGo(
  go: string,
  step: Step,
  output: string,
  { environment }: ClusterBuild,
): Promise<number | string> {
  const flags = ['-p', '2', '-trimpath', '-ldflags', ['-s -w', ...step.linkerFlags].join(' ')]
  const child = spawn(go, ['build', ...flags, '-o', `${output}/`, ...step.packages], {
    cwd: fileURLToPath(new URL(`../../test/cluster/binaries/${step.module}`, import.meta.url)),
    env: { ...environment, CGO_ENABLED: '0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'no exit code'))
    // Minutes of both cores: whoever works at the machine goes first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW)
  })
}

function findGo({ goPrograms, environment }: ClusterBuild): string | undefined {
  return goPrograms.find(
    (go) => spawnSync(go, ['version'], { stdio: 'ignore', env: { ...environment } }).status === 0,
  )
}
