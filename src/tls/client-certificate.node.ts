import type { X509Certificate } from 'node:crypto'
import type { ClientCertificate } from '../model/peer-tls.ts'

const VISIBLE = /^[\x20-\x7e]+$/

/**
 * A verified certificate, and what the endpoint is told of it: RFC 9440, and the field that Envoy has made common. Of the
 * authorities between, `node:tls` tells a server nothing, so that there is no Client-Cert-Chain.
 */
export function describeClientCertificate(leaf: X509Certificate): ClientCertificate {
  // RFC 9440 §2.1: the DER as a byte sequence of RFC 8941.
  const fields = ['Client-Cert', `:${leaf.raw.toString('base64')}:`]
  fields.push('X-Forwarded-Client-Cert', forwardedClientCert(leaf))
  return { fields }
}

function forwardedClientCert(leaf: X509Certificate): string {
  const parts = [`Hash=${leaf.fingerprint256.replaceAll(':', '').toLowerCase()}`]
  const subject = distinguishedName(leaf.subject)
  if (VISIBLE.test(subject)) parts.push(`Subject="${subject.replace(/["\\]/g, '\\$&')}"`)
  for (const [kind, value] of alternativeNames(leaf.subjectAltName ?? '')) {
    if (kind === 'URI' || kind === 'DNS') parts.push(`${kind}=${value}`)
  }
  return parts.join(';')
}

/** RFC 4514: the last part first, commas between; Node has one part on each line, its special characters escaped. */
function distinguishedName(subject: string | undefined): string {
  return (subject ?? '').split('\n').reverse().join(',')
}

/** Names that hold nothing which ends a value there. Node quotes those that hold anything odd: they are left out. */
function alternativeNames(text: string): readonly (readonly [string, string])[] {
  if (text.includes('"')) return []
  return text.split(', ').flatMap((name): (readonly [string, string])[] => {
    const [, kind, value] = /^(URI|DNS):([!#-+\--:<>-~]+)$/.exec(name) ?? []
    return kind === undefined || value === undefined ? [] : [[kind, value]]
  })
}
