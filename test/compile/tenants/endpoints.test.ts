import { expect, test } from 'vitest'
import { evilAddresses, evilService, evilSlice, ofOthers, tablesOf } from './neighbours.ts'

const [untouched] = tablesOf([]).map(ofOthers)
const ref = (name: string, namespace = 'evil', uid = `${name}-uid`, kind = 'Pod') => ({
  kind,
  name,
  namespace,
  uid,
})
const own = ref('own')

test('the tenant’s own Pod is reached: the attacks fail for what they ask', () => {
  for (const table of tablesOf([
    evilService({ name: 'web' }),
    evilSlice({ addresses: ['10.1.0.9'], targetRef: own }),
  ])) {
    expect(evilAddresses(table)).toEqual(['10.1.0.9'])
  }
})

const others: readonly (readonly [string, string])[] = [
  ['another’s Pod', '10.1.0.1'],
  ['another’s Pod, by IPv6', 'fd01::1'],
  ['another’s Pod, mapped', '::ffff:10.1.0.1'],
  ['another’s Pod, mapped in hexadecimal', '::ffff:a01:1'],
  ['another’s Pod, written long', 'fd01:0:0:0:0:0:0:1'],
  ['another’s Pod, with a zone', 'fd01::1%eth0'],
  ['another’s Pod, by NAT64', '64:ff9b::a01:1'],
  ['another’s Pod, by local NAT64', '64:ff9b:1::a01:1'],
  ['another’s Pod, by local NAT64 of 48 bits', '64:ff9b:1:a01:0:100::'],
  ['another’s Pod, by 6to4', '2002:a01:1::1'],
  ['another’s Pod, by Teredo', '2001:0:1:1::f5fe:fffe'],
  ['a Node', '10.2.0.1'],
  ['a Node, by IPv6', 'fd02::1'],
  ['a Node, by 6to4', '2002:a02:1::'],
  ['the API server', '10.3.0.1'],
  ['a ClusterIP', '10.96.0.1'],
  ['a ClusterIP, by IPv6', 'fd96::1'],
  ['metadata', '169.254.169.254'],
  ['metadata, mapped', '::ffff:169.254.169.254'],
  ['metadata, by NAT64', '64:ff9b::a9fe:a9fe'],
  ['metadata, by local NAT64', '64:ff9b:1::a9fe:a9fe'],
  ['metadata, by local NAT64 of 48 bits', '64:ff9b:1:a9fe:a9:fe00::'],
  ['metadata, by 6to4', '2002:a9fe:a9fe::'],
  ['metadata, by Teredo', '2001::5601:5601'],
  ['metadata, translated', '::ffff:0:a9fe:a9fe'],
  ['metadata, compatible', '::a9fe:a9fe'],
  ['metadata of AWS', 'fd00:ec2::254'],
  ['credentials of EKS Pods', '169.254.170.23'],
  ['credentials of EKS Pods, by IPv6', 'fd00:ec2::23'],
  ['metadata of Google', 'fd20:ce::254'],
  ['the wire server of Azure', '168.63.129.16'],
  ['metadata of Alibaba', '100.100.100.200'],
  ['loopback', '127.0.0.1'],
  ['loopback, elsewhere', '127.9.9.9'],
  ['loopback, by IPv6', '::1'],
  ['loopback, mapped', '::ffff:7f00:1'],
  ['loopback, compatible', '::127.0.0.1'],
  ['this host', '0.0.0.0'],
  ['this host, by IPv6', '::'],
  ['this host, by NAT64', '64:ff9b::'],
  ['link-local', 'fe80::1'],
  ['multicast', '224.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['an octal number', '0177.0.0.1'],
  ['a short form', '127.1'],
  ['a number', '2130706433'],
  ['a name', 'localhost'],
]

test.each(others)('no tenant reaches %s: %s', (_what, address) => {
  const family = address.includes(':') ? 'IPv6' : 'IPv4'
  const refs = [
    {},
    { targetRef: own },
    { targetRef: ref('web', 'bank') },
    { targetRef: ref('web', '') },
    { targetRef: ref('node-1', '', 'x', 'Node') },
    { targetRef: ref('own', 'evil', 'own-uid', 'pod') },
    { targetRef: ref('done') },
  ]
  for (const more of refs) {
    for (const addressType of [family, 'IPv4', 'IPv6', 'FQDN']) {
      for (const spec of [{}, { clusterIP: 'None' }, { ipFamilies: [family] }]) {
        const endpoint = { addresses: [address], hostname: 'x', ...more }
        for (const table of tablesOf([
          evilService({ name: 'web' }, spec),
          evilSlice(endpoint, addressType),
        ])) {
          expect(evilAddresses(table)).toEqual([])
          expect(ofOthers(table)).toEqual(untouched)
        }
      }
    }
  }
})

test.each([
  ['of another namespace', ref('web', 'bank'), '10.1.0.1'],
  ['of its own namespace, by the name of another’s', ref('web', 'evil'), '10.1.0.1'],
  ['with the UID of another', ref('own', 'evil', 'web-uid'), '10.1.0.9'],
  ['without a UID', ref('own', 'evil', ''), '10.1.0.9'],
  ['that has ended, whose address may be another’s', ref('done'), '10.1.0.8'],
  ['that was never there', ref('ghost'), '10.1.0.7'],
])('a Pod %s is not dialled', (_what, targetRef, address) => {
  for (const table of tablesOf([
    evilService({ name: 'web' }),
    evilSlice({ addresses: [address], targetRef }),
  ])) {
    expect(evilAddresses(table)).toEqual([])
  }
})

test('only the address that was judged is dialled', () => {
  const endpoint = { addresses: ['10.1.0.9', '10.1.0.1', '169.254.169.254'], targetRef: own }
  for (const table of tablesOf([evilService({ name: 'web' }), evilSlice(endpoint)])) {
    expect(evilAddresses(table)).toEqual(['10.1.0.9'])
  }
  const zoned = evilSlice({ addresses: ['fd01::9%eth0'], targetRef: own }, 'IPv6')
  for (const table of tablesOf([evilService({ name: 'web' }), zoned])) {
    expect(evilAddresses(table)).toEqual(['fd01::9'])
  }
})

test.each(['10.1.0.1', '10.3.0.1', '169.254.169.254'])(
  'no NodePort leads to %s: kube-proxy asks nobody whose an address is',
  (address) => {
    const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }
    const attack = [evilService({ name: 'web' }, spec), evilSlice({ addresses: [address] })]
    for (const table of tablesOf(attack)) expect(evilAddresses(table)).toEqual([])
  },
)

test('a slice makes no endpoint of another’s Service, whatever its label says', () => {
  for (const service of ['web', 'bank/web', '../bank/web', 'web:80']) {
    for (const table of tablesOf([evilSlice({ addresses: ['192.0.2.7'] }, 'IPv4', service)])) {
      expect(ofOthers(table)).toEqual(untouched)
    }
  }
})

test('a slice that calls itself the API server’s takes nobody’s endpoint away', () => {
  const attack = evilSlice({ addresses: ['10.1.0.1'] }, 'IPv4', 'kubernetes')
  for (const table of tablesOf([attack])) expect(ofOthers(table)).toEqual(untouched)
})

test('a Service that claims addresses takes no Pod away from another', () => {
  const spec = { externalIPs: ['10.1.0.1'], loadBalancerIP: '10.1.0.1' }
  for (const table of tablesOf([evilService({ name: 'web' }, spec)]))
    expect(ofOthers(table)).toEqual(untouched)
})
