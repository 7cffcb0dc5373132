// Where the programs of the test cluster come from: the machine, the cache, or a build.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildClusterBinaries } from './cluster-build.ts'

/** The environment variable that tells the tests the folder. */
export const CLUSTER_BINARIES = 'POSTERN_CLUSTER_BINARIES'

export const clusterPrograms = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const

export type ClusterBinaries =
  | { readonly found: true; readonly folder: string }
  | { readonly found: false; readonly reason: string }

type Environment = Readonly<Record<string, string | undefined>>

/** Such as "v1.35.4": the release that the Go module names. */
export const clusterVersion = readVersion()

/** Looks, and builds nothing. `tell` hears of what is passed over. */
export function findClusterBinaries(environment: Environment, tell: (line: string) => void): ClusterBinaries {
  const told = environment[CLUSTER_BINARIES]
  if (told) {
    const fault = faultOf(told)
    return fault === undefined
      ? { found: true, folder: told }
      : { found: false, reason: `${CLUSTER_BINARIES}: ${fault}` }
  }
  for (const [name, folder] of candidates(environment)) {
    const fault = faultOf(folder)
    if (fault === undefined) return { found: true, folder }
    tell(`Test cluster: ${name} is not used: ${fault}`)
  }
  const cache = cacheFolder(environment)
  const fault = faultOf(cache)
  if (fault === undefined) return { found: true, folder: cache }
  return { found: false, reason: fault }
}

/**
 * Looks, and builds what is not there. To be called where the network can be reached. With CI set, a part that cannot
 * be had is an error.
 */
export async function prepareClusterBinaries(
  environment: Environment,
  tell: (line: string) => void,
  goPrograms: readonly string[] = ['go', '/usr/local/go/bin/go'],
): Promise<ClusterBinaries> {
  const found = findClusterBinaries(environment, tell)
  if (found.found) return found
  const folder = cacheFolder(environment)
  const reason = environment[CLUSTER_BINARIES]
    ? found.reason
    : await buildClusterBinaries({ folder, version: clusterVersion, environment, tell, goPrograms })
  if (reason === undefined) return { found: true, folder }
  if (environment.CI === 'true') throw new Error(`Cannot set up the test cluster: ${reason}`)
  tell(`Test cluster: its tests are skipped: ${reason}`)
  return { found: false, reason }
}

function candidates(environment: Environment): readonly (readonly [name: string, folder: string])[] {
  const assets = environment.KUBEBUILDER_ASSETS
  const onPath = (environment.PATH ?? '').split(delimiter).filter(hasApiServer)
  return [
    ...(assets ? [['KUBEBUILDER_ASSETS', assets] as const] : []),
    ...onPath.map((folder) => [`${folder} on PATH`, folder] as const),
  ]
}

function hasApiServer(folder: string): boolean {
  return folder !== '' && existsSync(join(folder, 'kube-apiserver'))
}

/** Outside the checkout, so that a clean clone finds it. */
function cacheFolder({ HOME }: Environment): string {
  return join(HOME || homedir(), '.cache', 'postern', clusterVersion)
}

/** Why a folder's programs cannot be used; undefined where they can. */
function faultOf(folder: string): string | undefined {
  const missing = clusterPrograms.filter((program) => !existsSync(join(folder, program)))
  if (missing.length > 0) return `${folder} has no ${missing.join(', ')}`
  const minor = clusterVersion.replace(/\.\d+$/, '')
  for (const program of ['kube-apiserver', 'kube-controller-manager']) {
    const { stdout } = spawnSync(join(folder, program), ['--version'], { encoding: 'utf8', timeout: 30_000 })
    const version = /^Kubernetes (v\S+)/.exec(stdout ?? '')?.[1]
    if (!version?.startsWith(`${minor}.`)) {
      return `${program} in ${folder} is ${version ?? 'not to be run'}, not ${minor}`
    }
  }
  return undefined
}

function readVersion(): string {
  const file = fileURLToPath(new URL('../../test/cluster/binaries/kubernetes/go.mod', import.meta.url))
  const version = /\sk8s\.io\/kubernetes (v\S+)/.exec(readFileSync(file, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`Cannot read the version of k8s.io/kubernetes in ${file}`)
  return version
}
