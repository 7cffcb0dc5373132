import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { watchedKinds } from '../../src/agent/cluster/kinds.ts'
import { VERSION } from '../../workers/node/version.ts'
import {
  componentFiles,
  componentManifests,
  componentNames,
  deployments,
  manifestFiles,
  manifestOf,
  manifests,
  readInfra,
} from './manifests.ts'

const labels = v.record(v.string(), v.string())
const roleSchema = v.object({
  rules: v.array(
    v.strictObject({
      apiGroups: v.array(v.string()),
      resources: v.array(v.string()),
      resourceNames: v.optional(v.array(v.string())),
      verbs: v.array(v.string()),
    }),
  ),
})
const bindingSchema = v.object({ roleRef: v.unknown(), subjects: v.unknown() })
const portsSchema = v.array(v.object({ port: v.number(), targetPort: v.string() }))

test('kustomization.yaml lists exactly the files that are there, and the image of this version', () => {
  const kustomization = parse(readInfra('kustomize/kustomization.yaml'))
  expect(kustomization.resources.toSorted()).toEqual(manifestFiles())
  expect(kustomization.images).toEqual([{ name: 'postern', newTag: VERSION }])
})

test('everything that has a namespace is in the one that is made, which lets in restricted Pods only', () => {
  const { namespace } = parse(readInfra('kustomize/kustomization.yaml'))
  const namespaces = manifests().map((object) => object.metadata.namespace ?? namespace)
  expect(new Set(namespaces)).toEqual(new Set([namespace]))
  const schema = v.object({ metadata: v.object({ labels }) })
  expect(manifestOf('Namespace', namespace, schema).metadata.labels).toEqual({
    'pod-security.kubernetes.io/enforce': 'restricted',
  })
})

/** `group/resource: verbs` of each rule. */
function grantedBy({ rules }: v.InferOutput<typeof roleSchema>): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}: ${verbs.join(' ')}`)),
  )
}

function bindingOf(kind: string, role: string) {
  return {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects: [{ kind: 'ServiceAccount', name: 'postern-agent', namespace: 'postern' }],
  }
}

test("the agent's ClusterRole grants exactly what is watched, and the Events that it writes", () => {
  const role = manifestOf('ClusterRole', 'postern-agent', roleSchema)
  const granted = grantedBy(role)
  const watched = watchedKinds.map(({ apiVersion, path }) => {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
    return `${group}/${path.split('/').at(-1)}: list watch`
  })
  const written = ['events.k8s.io/events: create patch']
  expect(granted.sort()).toEqual([...watched, ...written].sort())
  expect(role.rules.filter(({ resourceNames }) => resourceNames !== undefined)).toEqual([])
  expect(manifests().filter(({ kind }) => /Role$/.test(kind))).toHaveLength(2)
})

test('its Role, in its own namespace, grants the one Lease; only creating cannot be bound to a name', () => {
  const { rules, metadata } = manifestOf(
    'Role',
    'postern-agent',
    v.object({ ...roleSchema.entries, metadata: v.object({ namespace: v.string() }) }),
  )
  expect(metadata.namespace).toBe('postern')
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] }
  expect(rules).toEqual([
    { ...leases, resourceNames: ['postern-agent'], verbs: ['list', 'watch', 'patch'] },
    { ...leases, verbs: ['create'] },
  ])
})

test('the Roles are bound to the ServiceAccount that the agent runs as, and to nobody else', () => {
  for (const kind of ['Role', 'ClusterRole']) {
    const binding = manifestOf(`${kind}Binding`, 'postern-agent', bindingSchema)
    expect(binding).toEqual(bindingOf(kind, 'postern-agent'))
  }
  const accounts = deployments().map(({ metadata, spec }) => [
    metadata.name,
    spec.template.spec.serviceAccountName,
    spec.template.spec.automountServiceAccountToken,
  ])
  expect(accounts.sort()).toEqual([
    ['postern-agent', 'postern-agent', undefined],
    ['postern-gateway', 'postern-gateway', false],
    ['postern-redis', 'default', false],
  ])
})

test('the component of statuses lets the agent write these, and nothing else', () => {
  const name = 'postern-agent-status'
  const component = componentManifests('load-balancer-status')
  expect(component.map(({ kind }) => kind).sort()).toEqual(['ClusterRole', 'ClusterRoleBinding'])
  expect(grantedBy(manifestOf('ClusterRole', name, roleSchema, component))).toEqual([
    '/services/status: patch',
  ])
  expect(manifestOf('ClusterRoleBinding', name, bindingSchema, component)).toEqual(
    bindingOf('ClusterRole', name),
  )
})

test.each(componentNames())('component %s lists exactly the files that are there', (name) => {
  const { resources } = parse(readInfra(`kustomize/components/${name}/kustomization.yaml`))
  const files = componentFiles().map((file) => file.split('/').slice(1))
  expect(resources.toSorted()).toEqual(files.filter(([folder]) => folder === name).map(([, file]) => file))
})

describe.each(deployments().map((deployment) => [deployment.metadata.name, deployment] as const))(
  '%s',
  (_name, { spec }) => {
    const { template } = spec

    test('runs as nobody in particular, with no privilege, and cannot write to its image', () => {
      expect(template.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: expect.any(Number),
        seccompProfile: { type: 'RuntimeDefault' },
      })
      for (const { securityContext } of template.spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
      }
    })

    test('selects its own Pods', () => {
      expect(template.metadata.labels).toMatchObject(spec.selector.matchLabels)
      expect(Object.keys(spec.selector.matchLabels)).toHaveLength(2)
    })

    test('asks probes of ports that it names', () => {
      for (const { ports, readinessProbe, livenessProbe } of template.spec.containers) {
        const names = ports.map(({ name }) => name)
        for (const { httpGet, tcpSocket } of [readinessProbe, livenessProbe]) {
          const port = httpGet?.port ?? tcpSocket?.port
          if (port !== undefined) expect(names).toContain(port)
        }
      }
    })
  },
)

test.each([
  ['Service', 'postern-gateway', 'postern-gateway'],
  ['Service', 'postern-redis', 'postern-redis'],
])('%s %s leads to a port of its Deployment', (kind, name, to) => {
  const schema = v.object({ spec: v.object({ selector: labels, ports: portsSchema }) })
  const { spec } = manifestOf(kind, name, schema)
  const target = deployments().find(({ metadata }) => metadata.name === to)?.spec
  expect(spec.selector).toEqual(target?.selector.matchLabels)
  const ports = target?.template.spec.containers.flatMap((container) =>
    container.ports.map(({ name }) => name),
  )
  for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort)
})

test('the gateways keep their records on a volume of their own, and have their keys', () => {
  const mount = v.object({ name: v.string(), mountPath: v.string() })
  const pod = v.object({
    containers: v.array(v.object({ args: v.array(v.string()), volumeMounts: v.array(mount) })),
    volumes: v.tuple([
      v.object({ name: v.string(), secret: v.object({ secretName: v.string() }) }),
      v.object({ name: v.string(), emptyDir: v.looseObject({ sizeLimit: v.string() }) }),
    ]),
  })
  const schema = v.object({ spec: v.object({ template: v.object({ spec: pod }) }) })
  const { spec } = manifestOf('Deployment', 'postern-gateway', schema)
  const { containers, volumes } = spec.template.spec
  expect(containers.flatMap(({ volumeMounts }) => volumeMounts)).toEqual([
    { name: volumes[1].name, mountPath: '/var/lib/postern' },
    { name: volumes[0].name, mountPath: '/run/postern/keys' },
  ])
  expect(containers[0]?.args).toContain('--state-dir=/var/lib/postern')
})

test('the disruption budget is of the gateways', () => {
  const schema = v.object({ spec: v.object({ selector: v.object({ matchLabels: labels }) }) })
  const gateway = deployments().find(({ metadata }) => metadata.name === 'postern-gateway')
  expect(manifestOf('PodDisruptionBudget', 'postern-gateway', schema).spec.selector.matchLabels).toEqual(
    gateway?.spec.selector.matchLabels,
  )
})
