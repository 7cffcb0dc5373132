import type { CertificateRecord } from '../../model/credential-records.ts'
import type { RouteRecord } from '../../model/records.ts'
import { covers } from '../../tls/fitting-certificates.ts'
import type { Table } from '../table.ts'

/** Why a host is not shown, or not asked for, what its route names. */
export interface CertificateTrouble {
  readonly host: string
  /** Key of the record. */
  readonly record: string
  readonly problem: 'authority-missing' | 'expired' | 'missing' | 'not-valid-yet' | 'wrong-name'
}

/** How long a certificate that some route names is good for. */
export interface CertificateTerm {
  readonly key: string
  /** Seconds since the Unix epoch. */
  readonly notAfterSeconds: number
}

const MAX_TROUBLES = 100
/** Metrics of all are too many to keep where there are ten thousands; those that end first matter. */
const MAX_TERMS = 1_000

type CertificateTable = Pick<Table, 'routes' | 'certificate' | 'authority'>

/** What is wrong with the certificates of hosts at a moment (ms since the Unix epoch): the first hundred. */
export function certificateTroubles(table: CertificateTable, now: number): readonly CertificateTrouble[] {
  const troubles: CertificateTrouble[] = []
  for (const route of table.routes()) {
    for (const trouble of troublesOf(route, table, now)) {
      if (troubles.length === MAX_TROUBLES) return troubles
      troubles.push(trouble)
    }
  }
  return troubles
}

/** Of all certificates that routes name, those that end first. */
export function certificateTerms(table: CertificateTable): readonly CertificateTerm[] {
  const terms = new Map<string, CertificateTerm>()
  for (const { tls } of table.routes()) {
    for (const key of tls?.certificates ?? []) {
      const record = terms.has(key) ? undefined : table.certificate(key)
      if (record !== undefined) terms.set(key, { key, notAfterSeconds: Math.floor(record.notAfter / 1000) })
    }
  }
  return [...terms.values()].sort((a, b) => a.notAfterSeconds - b.notAfterSeconds).slice(0, MAX_TERMS)
}

function troublesOf({ host, tls }: RouteRecord, table: CertificateTable, now: number): CertificateTrouble[] {
  const troubles: CertificateTrouble[] = []
  const keys = tls?.certificates ?? []
  const records = keys.flatMap((key) => {
    const record = table.certificate(key)
    if (record === undefined) troubles.push({ host, record: key, problem: 'missing' })
    return record === undefined ? [] : [{ key, record }]
  })
  const fitting = records.filter(({ record }) => covers(record, host))
  for (const { key, record } of fitting) {
    const problem = termProblem(record, now)
    if (problem !== undefined) troubles.push({ host, record: key, problem })
  }
  // One that is for another host of the Service is in its place, as long as there is one for this host too.
  if (fitting.length === 0) {
    for (const { key } of records) troubles.push({ host, record: key, problem: 'wrong-name' })
  }
  const authority = tls?.clients?.authority
  if (authority !== undefined && table.authority(authority) === undefined) {
    troubles.push({ host, record: authority, problem: 'authority-missing' })
  }
  return troubles
}

function termProblem({ notBefore, notAfter }: CertificateRecord, now: number) {
  if (now > notAfter) return 'expired'
  return now < notBefore ? 'not-valid-yet' : undefined
}
