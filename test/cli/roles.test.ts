import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { postern } from '../support/postern-cli.ts'

function service(namespace: string, name: string, annotations: Readonly<Record<string, string>>): object {
  const spec = { ports: [{ port: 80 }] }
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name, annotations }, spec }
}

const named = (secrets: string) => ({ 'postern.dev/expose': 'true', 'postern.dev/tls-secret': secrets })
const services = [
  service('shop', 'web', named('b, a')),
  service('shop', 'api', named('a')),
  service('blog', 'web', named('blog-tls')),
  service('shop', 'hidden', { 'postern.dev/tls-secret': 'not-exposed' }),
  service('bank', 'web', named('shop/a')),
]

function roles(...args: readonly string[]) {
  const manifest = services.map((object) => JSON.stringify(object)).join('\n---\n')
  return postern(['roles', '--manifests', '-', ...args], manifest)
}

describe('postern roles', () => {
  test('one Role for each namespace, with the names that exposed Services give, and its binding', async () => {
    const { code, stdout, stderr } = await roles()
    const documents: object[] = parseAllDocuments(stdout).map((document) => document.toJS())
    const metadata = (namespace: string) => ({ name: 'postern-agent-secrets', namespace })
    const rule = (...resourceNames: readonly string[]) => ({
      ...{ apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['list', 'watch'] },
    })
    expect(documents).toMatchObject([
      { kind: 'Role', metadata: metadata('blog'), rules: [rule('blog-tls')] },
      { kind: 'RoleBinding', metadata: metadata('blog') },
      { kind: 'Role', metadata: metadata('shop'), rules: [rule('a', 'b')] },
      {
        kind: 'RoleBinding',
        metadata: metadata('shop'),
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'postern-agent-secrets' },
        subjects: [{ kind: 'ServiceAccount', name: 'postern-agent', namespace: 'postern' }],
      },
    ])
    expect([documents.length, code, stderr]).toEqual([4, 0, ''])
  })

  test('of one namespace, for another ServiceAccount', async () => {
    const { stdout } = await roles('--namespace', 'blog', '--service-account', 'edge/agent')
    const [role, binding, ...more] = parseAllDocuments(stdout).map((document) => document.toJS())
    expect([role.metadata.namespace, more]).toEqual(['blog', []])
    expect(binding.subjects).toEqual([{ kind: 'ServiceAccount', name: 'agent', namespace: 'edge' }])
  })

  test('where nothing is named it says so, as a comment', async () => {
    const { code, stdout } = await roles('--namespace', 'bank')
    expect(stdout).toBe('# No exposed Service of namespace bank names a Secret or ConfigMap.\n')
    expect([parse(stdout), code]).toEqual([null, 0])
  })

  test('a wrong namespace or ServiceAccount is told, with exit 2', async () => {
    const { code, stdout, stderr } = await roles('--namespace', 'A', '--service-account', 'agent')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Cannot read --namespace: "A" is wrong')
    expect(stderr).toContain('Cannot read --service-account: "agent" is wrong: not NAMESPACE/NAME')
  })
})
