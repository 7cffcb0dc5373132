import type { DnsCase } from './case.ts'

const HTTPS = { name: 'https', port: 443 }
const KUBERNETES = 'kubernetes.default.svc.cluster.local'

/** §2.3 */
export const clusterIpCases: readonly DnsCase[] = [
  {
    section: '2.3.1, 2.3.2, 2.3.3',
    title: 'a Service with a cluster IP: A, SRV of a named port, PTR',
    name: 'kubernetes',
    spec: { clusterIP: '10.3.0.1', ports: [HTTPS] },
    records: [
      `${KUBERNETES} A 10.3.0.1`,
      `_https._tcp.${KUBERNETES} SRV 443 ${KUBERNETES}`,
      `1.0.3.10.in-addr.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3.1, 2.3.3',
    title: 'IPv6: AAAA, and PTR by nibbles',
    name: 'kubernetes',
    spec: { clusterIP: '2001:db8::1', ports: [] },
    records: [
      `${KUBERNETES} AAAA 2001:db8::1`,
      `1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3.1',
    title: 'two families: A and AAAA',
    name: 'kubernetes',
    spec: { clusterIP: '10.3.0.1', clusterIPs: ['10.3.0.1', '2001:db8::1'], ports: [] },
    records: [
      `${KUBERNETES} A 10.3.0.1`,
      `${KUBERNETES} AAAA 2001:db8::1`,
      `1.0.3.10.in-addr.arpa PTR ${KUBERNETES}`,
      `1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3.2',
    title: 'each named port by its own protocol, an unnamed one not at all',
    name: 'dns',
    namespace: 'kube-system',
    spec: {
      clusterIP: '10.3.0.10',
      ports: [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53 }, { port: 9153 }],
    },
    records: [
      'dns.kube-system.svc.cluster.local A 10.3.0.10',
      '_dns._udp.dns.kube-system.svc.cluster.local SRV 53 dns.kube-system.svc.cluster.local',
      '_dns-tcp._tcp.dns.kube-system.svc.cluster.local SRV 53 dns.kube-system.svc.cluster.local',
      '10.0.3.10.in-addr.arpa PTR dns.kube-system.svc.cluster.local',
    ],
  },
  {
    section: '2.1',
    title: 'the zone is the configured cluster domain',
    name: 'web',
    spec: { clusterIP: '10.3.0.1', ports: [] },
    zone: 'k8s.example',
    records: [
      'web.default.svc.k8s.example A 10.3.0.1',
      '1.0.3.10.in-addr.arpa PTR web.default.svc.k8s.example',
    ],
  },
  {
    section: '2.3',
    title: 'a LoadBalancer has a cluster IP, and these records; its other addresses have none',
    name: 'kubernetes',
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.3.0.1',
      externalIPs: ['192.0.2.1'],
      ports: [{ ...HTTPS, nodePort: 30443, targetPort: 8443 }],
    },
    records: [
      `${KUBERNETES} A 10.3.0.1`,
      `_https._tcp.${KUBERNETES} SRV 443 ${KUBERNETES}`,
      `1.0.3.10.in-addr.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3.2',
    title: 'the protocol is that of the port, in lower case',
    name: 'kubernetes',
    spec: { clusterIP: '10.3.0.1', ports: [{ name: 'sig', port: 5060, protocol: 'SCTP' }] },
    records: [
      `${KUBERNETES} A 10.3.0.1`,
      `_sig._sctp.${KUBERNETES} SRV 5060 ${KUBERNETES}`,
      `1.0.3.10.in-addr.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3',
    title: 'endpoints of a Service with a cluster IP have no names, whatever hostnames they have',
    name: 'kubernetes',
    spec: { clusterIP: '10.3.0.1', ports: [] },
    slices: [{ addressType: 'IPv4', endpoints: [{ addresses: ['10.3.0.100'], hostname: 'my-pet' }] }],
    records: [`${KUBERNETES} A 10.3.0.1`, `1.0.3.10.in-addr.arpa PTR ${KUBERNETES}`],
  },
]

/** §2.5 */
export const externalNameCases: readonly DnsCase[] = [
  {
    section: '2.5',
    title: 'ExternalName: CNAME, and nothing else',
    name: 'foo',
    spec: { type: 'ExternalName', externalName: 'www.example.com', ports: [HTTPS] },
    records: ['foo.default.svc.cluster.local CNAME www.example.com'],
  },
  {
    section: '2.5',
    title: 'ExternalName: a cluster IP that is left over from another type is none',
    name: 'foo',
    spec: { type: 'ExternalName', externalName: 'www.example.com', clusterIP: '10.3.0.1', ports: [] },
    records: ['foo.default.svc.cluster.local CNAME www.example.com'],
  },
]
