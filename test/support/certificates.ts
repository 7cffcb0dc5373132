import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestAuthority {
  /** File of the authority's certificate. */
  readonly ca: string
  /** Files of a certificate for a name or address, and of its key. */
  issue(subject: string): { readonly cert: string; readonly key: string }
  remove(): void
}

/** A certificate authority that lives as long as a test. */
export function createAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'postern-ca-'))
  const file = (name: string): string => join(folder, name)
  const [ca, caKey] = [file('ca.pem'), file('ca.key')]
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  openssl('req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-subj', '/CN=postern-test-ca')
  return {
    ca,
    issue: (subject) => {
      const [cert, key] = [file(`${subject}.pem`), file(`${subject}.key`)]
      const kind = /^[\d.]+$/.test(subject) ? 'IP' : 'DNS'
      openssl(
        ...['req', '-x509', ...newKey, '-keyout', key, '-out', cert, '-subj', `/CN=${subject}`],
        ...['-CA', ca, '-CAkey', caKey, '-addext', `subjectAltName=${kind}:${subject}`],
        ...['-addext', 'basicConstraints=critical,CA:FALSE'],
      )
      return { cert, key }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function openssl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot run openssl ${args[0]}: ${error?.message ?? stderr}`)
}
