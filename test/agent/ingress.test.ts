import { expect, test } from 'vitest'
import { isSameIngress, readService } from '../../src/agent/status/ingress.ts'

const ENTRY = {
  manager: 'postern-agent',
  operation: 'Update',
  subresource: 'status',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
}

function answer(managedFields: unknown): unknown {
  const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7', managedFields }
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer' } }
}

test.each([
  ['ours', [ENTRY], true],
  ['ours beside that of another field', [{ manager: 'kubectl', fieldsV1: {} }, ENTRY], true],
  ['of another manager', [{ ...ENTRY, manager: 'cloud-controller-manager' }], false],
  ['of one whose name begins like ours', [{ ...ENTRY, manager: 'postern-agent-2' }], false],
  ['ours, of other fields', [{ ...ENTRY, fieldsV1: { 'f:status': { 'f:conditions': {} } } }], false],
  ['ours, not of the status', [{ ...ENTRY, subresource: undefined }], false],
  ['none', [], false],
  ['not there', undefined, false],
  ['nonsense', [null, 1, { manager: ['postern-agent'] }], false],
])('who wrote a status is told by its managed fields: %s', (_title, managedFields, isWrittenByUs) => {
  expect(readService(answer(managedFields))).toMatchObject({ version: '7', isWrittenByUs })
})

test.each([
  ['no Service', { apiVersion: 'v1', kind: 'Status', metadata: {} }],
  ['no version', { ...Object(answer([])), metadata: { name: 'web' } }],
  ['nothing', undefined],
])('%s is no answer', (_title, raw) => {
  expect(readService(raw)).toBeUndefined()
})

test('addresses have no order, and a mode is part of one', () => {
  const ip = { ip: '192.0.2.1', hostname: undefined, ipMode: 'Proxy' }
  const name = { ip: undefined, hostname: 'edge.example.com', ipMode: undefined }
  expect(isSameIngress([ip, name], [name, ip])).toBe(true)
  expect(isSameIngress([ip], [{ ...ip, ipMode: 'VIP' }])).toBe(false)
  expect(isSameIngress([ip], [ip, name])).toBe(false)
})
