import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { clusterPrograms, clusterVersion, prepareClusterBinaries } from '../../infra/dev/cluster-binaries.ts'
import { ControlPlane } from './control-plane.ts'

let home = ''
let lines: string[] = []
const tell = (line: string): number => lines.push(line)

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'postern-binaries-'))
  lines = []
})

afterEach(() => rmSync(home, { recursive: true, force: true }))

const cache = (): string => join(home, '.cache', 'postern', clusterVersion)
const path = `${process.env.PATH}`

function writeProgram(file: string, script: string): void {
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}

function writePrograms(
  folder: string,
  version: string,
  programs: readonly string[] = clusterPrograms,
): string {
  mkdirSync(folder, { recursive: true })
  for (const program of programs) writeProgram(join(folder, program), `echo Kubernetes ${version}`)
  return folder
}

/** Stands in for Go: writes the programs after a while, and a line for each call. */
function writeGo(version: string, script = 'sleep 0.3'): string {
  const file = join(home, 'go')
  const write = `printf '#!/bin/sh\\necho Kubernetes ${version}\\n'`
  writeProgram(
    file,
    `[ "$1" = version ] && exit 0
echo "$CGO_ENABLED $*" >> ${home}/calls
${script}
while [ "$1" != -o ]; do shift; done
out=$2; shift 2
for package; do [ $package = . ] && package=etcd; f=$out\${package##*/}; ${write} > $f; chmod +x $f; done`,
  )
  return file
}

const goCalls = (): readonly string[] => readFileSync(join(home, 'calls'), 'utf8').trimEnd().split('\n')

test("the machine's own programs come first", async () => {
  writePrograms(cache(), clusterVersion)
  const folder = writePrograms(join(home, 'assets'), 'v1.35.0')
  const environment = { HOME: home, PATH: path, KUBEBUILDER_ASSETS: folder }
  expect(await prepareClusterBinaries(environment, tell, [])).toEqual({ found: true, folder })
  const onPath = { HOME: home, PATH: `${folder}:${path}` }
  expect(await prepareClusterBinaries(onPath, tell, [])).toEqual({ found: true, folder })
  expect(lines).toEqual([])
})

test.each([
  ['of another version', 'v1.34.9', clusterPrograms, 'kube-apiserver in .* is v1.34.9, not v1.35'],
  ['not complete', 'v1.35.0', ['etcd', 'kube-apiserver'], 'has no kube-controller-manager'],
])('programs that are %s are passed over with a line', async (_, version, programs, line) => {
  writePrograms(cache(), clusterVersion)
  const environment = {
    HOME: home,
    PATH: path,
    KUBEBUILDER_ASSETS: writePrograms(join(home, 'assets'), version, programs),
  }
  expect(await prepareClusterBinaries(environment, tell, [])).toEqual({ found: true, folder: cache() })
  expect(lines).toEqual([expect.stringMatching(`KUBEBUILDER_ASSETS is not used: .*${line}`)])
})

test('with no Go the tests are skipped with a line, and fail where CI is set', async () => {
  const environment = { HOME: home, PATH: path }
  expect(await prepareClusterBinaries(environment, tell, [join(home, 'go')])).toMatchObject({ found: false })
  expect(lines).toEqual([expect.stringMatching(/tests are skipped: .*no Go to build it with/)])
  const inCi = prepareClusterBinaries({ ...environment, CI: 'true' }, tell, [join(home, 'go')])
  await expect(inCi).rejects.toThrow('Cannot set up the test cluster')
})

test('two runs at once build once', async () => {
  const go = writeGo(clusterVersion)
  const environment = { HOME: home, PATH: path }
  const runs = [1, 2].map(() => prepareClusterBinaries(environment, tell, [go]))
  for (const run of runs) expect(await run).toEqual({ found: true, folder: cache() })
  expect(goCalls()).toEqual([
    expect.stringMatching(/^0 build -p 2 -trimpath .*-o .*\/ \.$/),
    expect.stringMatching(/gitVersion=v1\.35\.\d+ .*cmd\/kube-apiserver .*cmd\/kube-controller-manager$/),
  ])
  expect(lines).toContainEqual(expect.stringMatching('building etcd with .* 15 to 25 minutes'))
  expect(readdirSync(join(home, '.cache', 'postern'))).toEqual([clusterVersion])
})

test('a build that fails leaves nothing half made, and says so', async () => {
  const go = writeGo(clusterVersion, 'exit 3')
  const result = await prepareClusterBinaries({ HOME: home, PATH: path }, tell, [go])
  expect(result).toEqual({ found: false, reason: 'go build of etcd ended with 3' })
  expect(existsSync(join(cache(), 'etcd'))).toBe(false)
})

test('the lock of a process that died is taken away', async () => {
  mkdirSync(join(home, '.cache', 'postern'), { recursive: true })
  writeFileSync(`${cache()}.lock`, '4194999')
  const go = writeGo(clusterVersion)
  expect(await prepareClusterBinaries({ HOME: home, PATH: path }, tell, [go])).toMatchObject({ found: true })
})

test('a part that does not start fails with the end of its log', async () => {
  const folder = writePrograms(join(home, 'broken'), 'v1.35.0')
  writeProgram(join(folder, 'etcd'), 'echo the disk is on fire; exit 1')
  await expect(ControlPlane.start(folder)).rejects.toThrow(/Cannot start etcd; .*\nthe disk is on fire/)
})
