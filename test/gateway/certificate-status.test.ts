import { expect, test } from 'vitest'
import { Table } from '../../src/gateway/table.ts'
import { certificateTerms, certificateTroubles } from '../../src/gateway/tls/certificate-status.ts'
import { makeAuthority } from '../support/certificate-maker.ts'
import { recordsOf, serviceYaml } from '../support/gateway.ts'
import { certificateRecord, put } from '../support/tls-gateway.ts'

const DAY_MS = 86_400_000
const now = Date.now()

test('what is wrong with certificates is told by host, and when they end', () => {
  const authority = makeAuthority()
  const table = new Table()
  const service = (name: string, more: Readonly<Record<string, string>> = {}) => {
    const annotations = { 'postern.dev/host': `${name}.example.com`, 'postern.dev/tls-secret': name, ...more }
    put(table, ...recordsOf(serviceYaml({ name, endpoints: [], annotations })))
  }
  const certify = (name: string, host: string, fromDays: number, toDays: number): void => {
    const term = { notBefore: now + fromDays * DAY_MS, notAfter: now + toDays * DAY_MS }
    put(table, certificateRecord(`shop/${name}`, authority, { hosts: [host], ...term }))
  }
  for (const name of ['good', 'old', 'young', 'missing', 'astray']) service(name)
  service('guarded', { 'postern.dev/tls-secret': 'good, wild', 'postern.dev/client-ca': 'Secret/ca' })
  certify('good', 'good.example.com', -1, 9)
  certify('old', 'old.example.com', -9, -1)
  certify('young', '*.example.com', 1, 99)
  certify('astray', 'elsewhere.example.com', -1, 9)
  certify('wild', '*.example.com', -1, 9)
  expect(certificateTroubles(table, now)).toEqual([
    { host: 'old.example.com', record: 'shop/old', problem: 'expired' },
    { host: 'young.example.com', record: 'shop/young', problem: 'not-valid-yet' },
    { host: 'missing.example.com', record: 'shop/missing', problem: 'missing' },
    { host: 'astray.example.com', record: 'shop/astray', problem: 'wrong-name' },
    { host: 'guarded.example.com', record: 'Secret/shop/ca', problem: 'authority-missing' },
  ])
  const terms = certificateTerms(table)
  expect(terms.map(({ key }) => key)).toEqual([
    'shop/old',
    'shop/good',
    'shop/astray',
    'shop/wild',
    'shop/young',
  ])
  expect(terms[0]?.notAfterSeconds).toBe(Math.floor((now - DAY_MS) / 1000))
})
