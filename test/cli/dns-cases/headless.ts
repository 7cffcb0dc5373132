import type { DnsCase, DnsSlice } from './case.ts'

const HTTPS = { name: 'https', port: 443 }
const HEADLESS = 'headless.default.svc.cluster.local'
const MY_PET = { addresses: ['10.3.0.1'], hostname: 'my-pet' }

function ipv4(...endpoints: readonly object[]): readonly DnsSlice[] {
  return [{ addressType: 'IPv4', endpoints }]
}

/** §2.4 */
export const headlessCases: readonly DnsCase[] = [
  {
    section: '2.4.1',
    title: 'a headless Service: A for each ready endpoint, by the Service and by its hostname',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    slices: ipv4(
      { addresses: ['10.3.0.1'], hostname: 'my-pet', conditions: { ready: true } },
      { addresses: ['10.3.0.2'], hostname: 'my-pet-2' },
      { addresses: ['10.3.0.3'], hostname: 'my-pet-3', conditions: { ready: false } },
    ),
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `${HEADLESS} A 10.3.0.2`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `my-pet-2.${HEADLESS} A 10.3.0.2`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
      `2.0.3.10.in-addr.arpa PTR my-pet-2.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.1',
    title: 'several addresses of one hostname: one A each',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    slices: ipv4(MY_PET, { addresses: ['10.3.0.2'], hostname: 'my-pet' }),
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `${HEADLESS} A 10.3.0.2`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `my-pet.${HEADLESS} A 10.3.0.2`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
      `2.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.1',
    title: 'no ready endpoint: no such name',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS] },
    slices: ipv4({ ...MY_PET, conditions: { ready: false } }),
    records: [],
  },
  {
    section: '2.1',
    title: 'publishNotReadyAddresses: every endpoint counts as ready',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [], publishNotReadyAddresses: true },
    slices: ipv4({ ...MY_PET, conditions: { ready: false } }),
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.1',
    title: 'an endpoint without a hostname has a name that only the cluster’s DNS knows: none is made up',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS] },
    slices: ipv4({
      addresses: ['10.3.0.1'],
      targetRef: { kind: 'Pod', namespace: 'default', name: 'pod-1', uid: 'u' },
    }),
    records: [`${HEADLESS} A 10.3.0.1`],
  },
  {
    section: '2.4.1, 2.4.3',
    title: 'a headless Service of IPv6 endpoints: AAAA and PTR',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    slices: [{ addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'], hostname: 'my-pet' }] }],
    records: [
      `${HEADLESS} AAAA 2001:db8::1`,
      `my-pet.${HEADLESS} AAAA 2001:db8::1`,
      `1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.2',
    title: 'SRV for each pair of ready endpoint and named port',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS, { name: 'http', port: 80 }, { port: 9000 }] },
    slices: ipv4(MY_PET, { addresses: ['10.3.0.2'], hostname: 'my-pet-2' }),
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `${HEADLESS} A 10.3.0.2`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `my-pet-2.${HEADLESS} A 10.3.0.2`,
      `_https._tcp.${HEADLESS} SRV 443 my-pet.${HEADLESS}`,
      `_https._tcp.${HEADLESS} SRV 443 my-pet-2.${HEADLESS}`,
      `_http._tcp.${HEADLESS} SRV 80 my-pet.${HEADLESS}`,
      `_http._tcp.${HEADLESS} SRV 80 my-pet-2.${HEADLESS}`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
      `2.0.3.10.in-addr.arpa PTR my-pet-2.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.1, 2.4.3',
    title: 'an endpoint with a hostname: A by that, and PTR to it',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
    slices: ipv4({ addresses: ['10.3.0.100'], hostname: 'my-pet' }),
    records: [
      `${HEADLESS} A 10.3.0.100`,
      `my-pet.${HEADLESS} A 10.3.0.100`,
      `100.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.1',
    title: 'no endpoint at all: no such name',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS] },
    records: [],
  },
  {
    section: '2.4.1, 2.4.2, 2.4.3',
    title: 'two families: A and AAAA of one hostname, which is the target of one SRV',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS] },
    slices: [
      { addressType: 'IPv4', endpoints: [MY_PET] },
      { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'], hostname: 'my-pet' }] },
    ],
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `${HEADLESS} AAAA 2001:db8::1`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `my-pet.${HEADLESS} AAAA 2001:db8::1`,
      `_https._tcp.${HEADLESS} SRV 443 my-pet.${HEADLESS}`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
      `1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.1',
    title: 'an endpoint that stands in two slices is one',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    slices: [
      { addressType: 'IPv4', endpoints: [{ addresses: ['10.3.0.1'] }] },
      { addressType: 'IPv4', endpoints: [{ addresses: ['10.3.0.1'] }] },
    ],
    records: [`${HEADLESS} A 10.3.0.1`],
  },
  {
    section: '2.1, 2.4.1',
    title: 'an endpoint that is terminating is not ready, though it serves',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    slices: ipv4(
      { addresses: ['10.3.0.1'], conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ['10.3.0.2'] },
    ),
    records: [`${HEADLESS} A 10.3.0.2`],
  },
  {
    section: '2.4.1',
    title: 'an endpoint that is a name (FQDN) has no address to answer with',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS] },
    slices: [{ addressType: 'FQDN', endpoints: [{ addresses: ['www.example.com'], hostname: 'my-pet' }] }],
    records: [],
  },
  {
    section: '2.4.2',
    title: 'the SRV names the Service’s port, not that of the container',
    name: 'headless',
    spec: {
      clusterIP: 'None',
      ports: [
        { ...HTTPS, targetPort: 8443 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    },
    slices: ipv4(MY_PET),
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `_https._tcp.${HEADLESS} SRV 443 my-pet.${HEADLESS}`,
      `_dns._udp.${HEADLESS} SRV 53 my-pet.${HEADLESS}`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
]
