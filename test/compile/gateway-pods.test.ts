import { expect, test } from 'vitest'
import { admitsGateway } from '../../src/compile/gateway-pods.ts'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'

const GATEWAY = { namespace: 'postern', labels: { app: 'gateway', tier: 'edge' } }
const labelled = (matchLabels: object) => ({ matchLabels })

/** The first ingress rule of a policy, as it is parsed. */
function ruleFrom(from: readonly object[]) {
  const parsed = parseObject({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'a', namespace: 'shop' },
    spec: { podSelector: {}, ingress: [{ from }] },
  })
  const object: KubeObject | undefined = parsed.type === 'object' ? parsed.object : undefined
  const ingress = object?.kind === 'NetworkPolicy' ? object.spec.ingress : 'unreadable'
  const rule = ingress === 'unreadable' ? undefined : ingress[0]
  if (rule === undefined || rule === 'unreadable') throw new Error(JSON.stringify(parsed))
  return rule
}

test.each<[title: string, isAdmitted: boolean, from: readonly object[]]>([
  ['no peers', true, []],
  ['all addresses', true, [{ ipBlock: { cidr: '0.0.0.0/0' } }]],
  ['all IPv6 addresses', true, [{ ipBlock: { cidr: '::/0' } }]],
  ['some addresses', false, [{ ipBlock: { cidr: '203.0.113.0/24' } }]],
  ['all but public ones', true, [{ ipBlock: { cidr: '0.0.0.0/0', except: ['198.51.100.0/24'] } }]],
  ['all but private ones', false, [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }]],
  ['all but half of them', false, [{ ipBlock: { cidr: '0.0.0.0/0', except: ['0.0.0.0/1'] } }]],
  ['Pods of every namespace', true, [{ namespaceSelector: {} }]],
  [
    'its namespace by name',
    true,
    [{ namespaceSelector: labelled({ 'kubernetes.io/metadata.name': 'postern' }) }],
  ],
  ['another namespace', false, [{ namespaceSelector: labelled({ 'kubernetes.io/metadata.name': 'other' }) }]],
  ['its namespace by label', true, [{ namespaceSelector: labelled({ team: 'edge' }) }]],
  ['a label that its namespace has not', false, [{ namespaceSelector: labelled({ team: 'web' }) }]],
  [
    'its Pods in every namespace',
    true,
    [{ namespaceSelector: {}, podSelector: labelled({ app: 'gateway' }) }],
  ],
  ['other Pods in every namespace', false, [{ namespaceSelector: {}, podSelector: labelled({ app: 'x' }) }]],
  ['Pods of the own namespace', false, [{ podSelector: {} }]],
])('a rule from %s admits the gateway: %s', (_title, isAdmitted, from) => {
  expect(admitsGateway(ruleFrom(from), 'shop', GATEWAY, { team: 'edge' })).toBe(isAdmitted)
})

test('Pods of the own namespace are the gateway when it is there', () => {
  expect(admitsGateway(ruleFrom([{ podSelector: {} }]), 'postern', GATEWAY, {})).toBe(true)
})

test('of a namespace that has not been seen the gateway is admitted in doubt, not against its name', () => {
  const byLabel = ruleFrom([{ namespaceSelector: labelled({ team: 'web' }) }])
  expect(admitsGateway(byLabel, 'shop', GATEWAY, undefined)).toBe(true)
  const byName = ruleFrom([
    { namespaceSelector: labelled({ team: 'web', 'kubernetes.io/metadata.name': 'other' }) },
  ])
  expect(admitsGateway(byName, 'shop', GATEWAY, undefined)).toBe(false)
})
