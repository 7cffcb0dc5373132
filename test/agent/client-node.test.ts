import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

/** Loads a kubeconfig as the agent does, in a process of its own that counts what is loaded for it. */
const program = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
const { loadKubeConfig } = await import('./workers/node/kubeconfig.ts')
await import('./src/agent/cluster/kube-api.ts')
const config = await loadKubeConfig(process.env.FILE)
const { HttpMethod, RequestContext } = await import('@kubernetes/client-node/dist/gen/http/http.js')
const request = new RequestContext('https://192.0.2.1:6443/', HttpMethod.GET)
await config.applySecurityAuthentication(request)
process.stdout.write(JSON.stringify({
  server: config.getCurrentCluster()?.server,
  authorization: request.getHeaders().Authorization ?? null,
  config: loaded.filter((url) => url.endsWith('/client-node/dist/config.js')).length,
  generated: loaded.filter((url) => /client-node\\/dist\\/gen\\/(models|apis|types)\\//.test(url)).length,
}))
`

test('a kubeconfig is read without the models and APIs of client-node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-kubeconfig-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'config')
  const kubeconfig = {
    clusters: [{ name: 'a', cluster: { server: 'https://192.0.2.1:6443' } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'c', context: { cluster: 'a', user: 'u' } }],
    'current-context': 'c',
  }
  writeFileSync(file, JSON.stringify(kubeconfig))
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, FILE: file },
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({
    server: 'https://192.0.2.1:6443',
    authorization: 'Bearer secret',
    config: 1,
    generated: 0,
  })
})
