import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../workers/node/postern.ts', import.meta.url))

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
  annotations: { postern.dev/expose: "true" }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
---
apiVersion: v1
kind: Pod
metadata: { name: web-0, labels: { app: web } }
spec: { containers: [{ ports: [{ containerPort: 80 }] }] }
status: { podIP: 10.0.0.1, conditions: [{ type: Ready, status: "True" }] }
`

async function check(manifest: string, ...flags: string[]) {
  const child = spawn(process.execPath, [MAIN, 'check', '--manifests', '-', ...flags])
  child.stdin.end(manifest)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, err, code }
}

test('good manifests have no problems', async () => {
  const { out, code } = await check(SERVICE)
  expect(out).toMatch(/0 errors, 0 warnings, 0 infos in 1 Service/)
  expect(code).toBe(0)
})

test('a bad value fails the check, and JSON tells all that is known of it', async () => {
  const bad = SERVICE.replace(
    'postern.dev/expose: "true"',
    'postern.dev/expose: "true", postern.dev/path: api',
  )
  const { out, code } = await check(bad, '--json')
  expect(code).toBe(1)
  const problem = {
    code: 'annotation-invalid',
    severity: 'error',
    kind: 'Service',
    namespace: 'default',
    name: 'web',
    field: 'metadata.annotations["postern.dev/path"]',
    message: expect.stringContaining('"api"'),
    hint: expect.any(String),
  }
  expect(JSON.parse(out)).toEqual({ problems: [problem] })
  expect(Object.keys(JSON.parse(out).problems[0])).toEqual(Object.keys(problem))
})

test('malformed YAML is told with its line, and the documents around it are still read', async () => {
  const { out, code } = await check(`${SERVICE}---\nkind: [Service\n`)
  expect(out).toMatch(/yaml-syntax/)
  expect(out).toMatch(/line 1[67]/)
  expect(out).toMatch(/in 1 Service/)
  expect(code).toBe(1)
})

test('bad usage exits with 2 and points to the help', async () => {
  const { err, code } = await check('', '--domian', 'x')
  expect(err).toMatch(/did you mean --domain/)
  expect(err).toMatch(/--help/)
  expect(code).toBe(2)
})
