import { expect, test } from 'vitest'
import { tlsStep } from '../../src/gateway/explain/tls-step.ts'
import { askTls } from '../../src/gateway/tls/ask-tls.ts'
import { identifyPeer } from '../../src/identity/identify.ts'
import { recordsOf, serviceYaml, tableOf } from '../support/gateway.ts'
import { authorityRecord, put } from '../support/tls-gateway.ts'

const HOST = 'shop.example.com'

function explain(scheme: 'http' | 'https', annotations: Readonly<Record<string, string>>, isWhole = true) {
  const yaml = serviceYaml({ endpoints: [1], annotations: { 'postern.dev/host': HOST, ...annotations } })
  expect(recordsOf(yaml)).not.toEqual([])
  const table = tableOf(yaml)
  if (isWhole) put(table, authorityRecord('Secret/shop/ca', 'PEM'))
  const route = table.route(HOST)
  if (route === undefined) throw new Error('no route')
  const peer = identifyPeer('192.0.2.1', [], scheme)
  const client = { address: '192.0.2.1', scheme }
  const error = askTls({ route, host: HOST, path: '/', peer, client, table })
  return tlsStep({ step: 'tls', route, peer, client, error })
}

test('a redirect is explained by its annotation, and the host by what it asks', () => {
  const told = explain('http', { 'postern.dev/tls-secret': 'shop-tls' })
  expect(told.summary).toContain('is sent to https, says postern.dev/tls-redirect')
  expect(told.details).toEqual(['certificate: shop/shop-tls', 'plain HTTP: is sent to https'])
})

test('who may not come without a certificate is told so', () => {
  const told = explain('https', { 'postern.dev/client-ca': 'Secret/ca' })
  expect(told.summary).toContain('is refused without a certificate, says postern.dev/client-ca')
  expect(told.details).toContain("clients' certificates: require, of Secret/shop/ca")
})

test('an authority that is missing is told of', () => {
  expect(explain('https', { 'postern.dev/client-ca': 'Secret/ca' }, false).summary).toContain(
    'cannot be read',
  )
})

test('a host that asks for nothing special goes on', () => {
  const told = explain('https', { 'postern.dev/tls-secret': 'shop-tls' })
  expect(told.summary).toBe('came by https, as far as its URL and proxies say: goes on')
})
