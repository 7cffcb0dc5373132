import { expect, test } from 'vitest'
import { inspect } from '../../src/cli/inspect.ts'
import { formatRoutes, routesJson } from '../../src/cli/report.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'

function routesOf(manifest: string) {
  return inspect(collectManifests([parseManifest(manifest, 'test.yaml')]), 'example.com').routes
}

function service(name: string, annotations: Record<string, string>): string {
  const all = JSON.stringify({ 'postern.dev/expose': 'true', ...annotations })
  return `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop, annotations: ${all} }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }] }
`
}

function pod(name: string, address: string): string {
  return `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}-${address}, namespace: shop, labels: { app: ${name} } }
spec: { containers: [] }
status: { podIP: ${address}, conditions: [{ type: Ready, status: "True" }] }
`
}

test('a route shows its host, its path, its Service and how many endpoints can serve', () => {
  const table = formatRoutes(routesOf(service('web', {}) + pod('web', '10.0.0.1') + pod('web', '10.0.0.2')))
  const [head, row] = table.split('\n').map((line) => line.trim().split(/\s+/))
  expect(head).toEqual(['HOST', 'PATH', 'SERVICE', 'TARGET', 'ENDPOINTS', 'PROBLEM'])
  expect(row).toEqual(['web.shop.example.com', '/', 'shop/web:80', 'pod', '2'])
})

test('the longest path of a host stands first', () => {
  const host = { 'postern.dev/host': 'shop.example.com' }
  const routes = routesOf(service('web', host) + service('api', { ...host, 'postern.dev/path': '/api' }))
  expect(routes.map(({ path }) => path)).toEqual(['/api', '/'])
})

test('a route that cannot be served names its problem', () => {
  const [route] = routesOf(service('web', { 'postern.dev/port': 'metrics' }))
  expect(route?.problem).toBe('port-unknown')
})

test('JSON holds the same rows', () => {
  const routes = routesOf(service('web', {}))
  expect(JSON.parse(routesJson(routes))).toMatchObject({
    routes: [{ host: 'web.shop.example.com', path: '/' }],
  })
})

test('without routes, the table says how to get one', () => {
  expect(formatRoutes([])).toContain('postern.dev/expose')
})
