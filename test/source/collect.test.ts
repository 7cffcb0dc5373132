import { expect, test } from 'vitest'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'

const service = (port: number) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: ${port} }] }\n`

test('a second, different object of a name is a problem, and the first is used', () => {
  const { objects, problems } = collectManifests([
    parseManifest(service(80), 'a.yaml'),
    parseManifest(service(81), 'b.yaml'),
  ])
  expect(problems).toMatchObject([{ code: 'duplicate-object', kind: 'Service', name: 'web' }])
  expect([...objects.values()]).toMatchObject([{ spec: { ports: [{ port: 80 }] } }])
})

test('an object that is repeated word for word is no problem', () => {
  const { objects, problems } = collectManifests([
    parseManifest(service(80), 'a.yaml'),
    parseManifest(service(80), 'b.yaml'),
  ])
  expect(problems).toEqual([])
  expect(objects.size).toBe(1)
})

test('a Namespace that two manifests let claim different hosts is an error', () => {
  const namespace = (host: string) =>
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, annotations: { postern.dev/allowed-hosts: ${host} } }\n`
  const { problems } = collectManifests([
    parseManifest(namespace('a.example'), 'a.yaml'),
    parseManifest(namespace('b.example'), 'b.yaml'),
  ])
  expect(problems).toMatchObject([{ code: 'duplicate-object', severity: 'error' }])
})

test('a Namespace that two manifests describe differently is only a warning', () => {
  const namespace = (label: string) =>
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { a: ${label} } }\n`
  const { problems } = collectManifests([
    parseManifest(namespace('x'), 'a.yaml'),
    parseManifest(namespace('y'), 'b.yaml'),
  ])
  expect(problems).toMatchObject([{ code: 'duplicate-object', severity: 'warning' }])
})

test('a slice that a cluster would mirror stands where its Endpoints do', () => {
  const endpoints =
    'apiVersion: v1\nkind: Endpoints\nmetadata: { name: web }\nsubsets: [{ addresses: [{ ip: 10.0.0.1 }] }]\n'
  const { places } = collectManifests([parseManifest(`${service(80)}---\n${endpoints}`, 'a.yaml')])
  const place = places.get('EndpointSlice/default/web-mirrored-0-ipv4-0')
  expect([place?.line, place?.lineOf('endpoints[0]')]).toEqual([6, 6])
})
