import { flag, optionalFlag } from './flag.ts'
import { parseName, type ValueParse } from './values.ts'

/** What `roles` prints, and for whom. */
export const rolesFlags = {
  onlyNamespace: optionalFlag(
    'namespace',
    'NAME',
    ['POSTERN_NAMESPACE'],
    'only the Role of this namespace',
    parseName,
  ),
  serviceAccount: flag(
    'service-account',
    'NAMESPACE/NAME',
    'postern/postern-agent',
    'the ServiceAccount that the agent runs as',
    parseServiceAccount,
  ),
} as const

/** Whom a Role is bound to. */
export interface ServiceAccount {
  readonly namespace: string
  readonly name: string
}

function parseServiceAccount(text: string): ValueParse<ServiceAccount> {
  const [namespace = '', name = '', ...more] = text.split('/')
  const isName = name.length <= 253 && name.split('.').every((label) => parseName(label).ok)
  return parseName(namespace).ok && isName && more.length === 0
    ? { ok: true, value: { namespace, name } }
    : { ok: false, reason: 'not NAMESPACE/NAME' }
}
