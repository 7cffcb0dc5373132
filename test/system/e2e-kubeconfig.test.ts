import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startPostern } from '../support/postern-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What an agent says and exits with that cannot even begin. */
async function agentWith(args: readonly string[]): Promise<readonly [code: number | null, said: string]> {
  const flags = ['--redis', 'redis://127.0.0.1:1', '--console', '127.0.0.1:0']
  const nowhere = { HOME: folder, KUBECONFIG: '', KUBERNETES_SERVICE_HOST: '' }
  const agent = startPostern(['agent', ...flags, ...args], nowhere)
  await once(agent.child, 'close')
  return [agent.child.exitCode, agent.said()]
}

function fileWith(text: string): string {
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, text)
  return file
}

test('neither a kubeconfig nor a cluster around is said at once', async () => {
  expect(await agentWith([])).toEqual([
    1,
    'postern: Cannot find a cluster: give --kubeconfig, set KUBECONFIG, or run inside one\n',
  ])
})

test('a kubeconfig that is not there is named', async () => {
  const [code, said] = await agentWith(['--kubeconfig', join(folder, 'missing')])
  expect(code).toBe(1)
  expect(said).toMatch(/^postern: Cannot read kubeconfig .*missing: ENOENT/)
})

test('a kubeconfig that is no YAML is named', async () => {
  const [code, said] = await agentWith(['--kubeconfig', fileWith('clusters: [')])
  expect(code).toBe(1)
  expect(said).toMatch(/^postern: Cannot read kubeconfig .*kubeconfig: /)
})

test('a kubeconfig without a current context is named', async () => {
  const [code, said] = await agentWith(['--kubeconfig', fileWith('{apiVersion: v1, kind: Config}')])
  expect(code).toBe(1)
  expect(said).toMatch(/^postern: Cannot .* kubeconfig .*kubeconfig: it names no current cluster\n$/)
})
