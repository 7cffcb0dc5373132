import bcrypt from 'bcryptjs'
import type { ServiceYaml } from './gateway.ts'
import { serviceYaml } from './gateway.ts'

/** A Secret of the test's namespace. */
export function secretYaml(
  name: string,
  stringData: Readonly<Record<string, string>>,
  type = 'Opaque',
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop' },
    type,
    stringData,
  })
}

/** A Service and the Secrets that it names. */
export function withSecrets(service: ServiceYaml, ...secrets: readonly string[]): string {
  return [serviceYaml(service), ...secrets].join('\n---\n')
}

/** As `htpasswd -nB` writes it, of the lowest cost there is. */
export function htpasswd(user: string, password: string): string {
  return `${user}:${bcrypt.hashSync(password, 4)}`
}

export function basic(user: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
