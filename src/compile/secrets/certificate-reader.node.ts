import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { normaliseHostPattern } from '../../model/host.ts'
import { compareText } from '../../model/problem.ts'
import type { CertificateReader, KeyFit, LeafFacts } from './certificate-reader.ts'

/** X.509 by Node's own OpenSSL, which is also what serves with it. */
export const nodeCertificates: CertificateReader = { read, fit }

function read(certificates: readonly string[]): LeafFacts | undefined {
  const [leaf] = certificates.map(parse)
  if (leaf === undefined || certificates.some((each) => parse(each) === undefined)) return undefined
  return {
    hosts: hostsOf(leaf),
    // Records hold no moment before 1970, and no certificate of today was made then.
    notBefore: Math.max(0, leaf.validFromDate.getTime()),
    notAfter: Math.max(0, leaf.validToDate.getTime()),
  }
}

function fit(certificates: readonly string[], key: string): KeyFit {
  const leaf = parse(certificates[0] ?? '')
  const privateKey = parseKey(key)
  if (leaf === undefined || privateKey === undefined) return 'unreadable'
  if (!leaf.checkPrivateKey(privateKey)) return 'other'
  try {
    createSecureContext({ cert: certificates.join('\n'), key })
    return 'fits'
  } catch {
    return 'weak'
  }
}

/**
 * Node writes alternative names as `DNS:a, DNS:b`, and a name that could be taken for two in quotes (CVE-2021-44532):
 * those are no hostnames, and are left out.
 */
function hostsOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g)]
  const hosts = names.flatMap(([, type, value = '']) =>
    type === 'DNS' ? (normaliseHostPattern(value) ?? []) : [],
  )
  return [...new Set(hosts)].sort(compareText)
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}
