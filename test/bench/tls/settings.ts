import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeAuthority } from '../../support/certificate-maker.ts'
import { hostName } from '../workload.ts'

/** The name that clients of the bench ask for. */
export const serverName = hostName(0)
/** What every client offers, so that all proxies do the same work; with TLS 1.2 also the curve of the certificate (RFC 8422 §5.1.1). */
export const clientGroups = 'X25519:prime256v1'
export const suites = {
  'TLSv1.2': 'ECDHE-ECDSA-AES128-GCM-SHA256',
  'TLSv1.3': 'TLS_AES_128_GCM_SHA256',
} as const

/** As Postern has them by default. */
const suites12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')
const groups = `${clientGroups}:secp384r1`

export const nginxTls = `    ssl_certificate tls.crt;
    ssl_certificate_key tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ${suites12};
    ssl_ecdh_curve ${groups};
    ssl_prefer_server_ciphers off;
    ssl_session_timeout 4h;`

export const haproxyTls = ` ssl crt tls.pem ssl-min-ver TLSv1.2 ciphers ${suites12} curves ${groups} prefer-client-ciphers`

/** Writes the certificate that all proxies show (EC P-256) into a folder: as two files, and as HAProxy wants it. */
export function writeCertificate(folder: string): { readonly cert: string; readonly key: string } {
  const { cert, key } = makeAuthority().issue({ hosts: [serverName, '*.ns.example.com'] })
  const file = (name: string): string => join(folder, name)
  writeFileSync(file('tls.crt'), cert)
  writeFileSync(file('tls.key'), key)
  writeFileSync(file('tls.pem'), cert + key)
  return { cert: file('tls.crt'), key: file('tls.key') }
}
