import { workloadKinds } from '../../src/model/objects/workload.ts'
import type { Json } from './mutate.ts'

const meta = (name: string) => ({ name, namespace: 'shop', uid: 'u', labels: { app: 'web' } })
const containers = [{ name: 'app', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }]
const podParts = {
  hostNetwork: false,
  containers,
  initContainers: [
    { restartPolicy: 'Always', ports: [{ name: 'mesh', containerPort: 15001, protocol: 'TCP' }] },
  ],
}
const selector = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }],
}

type WholeObject = { readonly [field: string]: Json } & { readonly kind: string }

const endpointAddress = {
  ip: '10.244.0.1',
  hostname: 'web-0',
  nodeName: 'node-1',
  targetRef: { kind: 'Pod', namespace: 'shop', name: 'web', uid: 'u' },
}

/** Whole objects of each kind that is read: every field that is read stands in one. */
export const wholeObjects: readonly WholeObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...meta('web'),
      creationTimestamp: '2024-01-01T00:00:00Z',
      annotations: {
        'postern.dev/expose': 'true',
        'postern.dev/host': 'web.example.com, *.web.example.com',
        'postern.dev/path': '/api',
        'postern.dev/path-type': 'prefix',
        'postern.dev/port': 'http',
        'postern.dev/strip-prefix': 'true',
        'postern.dev/timeout': '30s',
        'postern.dev/idle-timeout': '1h',
        'postern.dev/balance': 'round-robin',
        'postern.dev/spill-over': '10',
        'postern.dev/target': 'pod',
        'postern.dev/backend-protocol': 'https',
        'postern.dev/backend-tls-ca': 'configmap/internal-ca',
        'postern.dev/backend-tls-server-name': 'web.internal.example.com',
        'postern.dev/backend-tls-subject-alt-names': 'a.example.com, b.example.com',
        'postern.dev/backend-tls-client-certificate': 'web-client',
        'postern.dev/backend-tls-verify': 'true',
        'postern.dev/allow-cidrs': '203.0.113.0/24, 2001:db8::/32',
        'postern.dev/deny-cidrs': '203.0.113.7',
        'postern.dev/max-body-size': '10Mi',
        'postern.dev/max-header-size': '8Ki',
        'postern.dev/rate-limit': '100/s burst=200 key=header:X-Api-Key shared on-error=closed',
        'postern.dev/max-concurrent-requests': '200',
        'postern.dev/jwt-issuer': 'https://login.example.com/',
        'postern.dev/jwt-audience': 'https://api.example.com',
        'postern.dev/jwt-jwks-url': 'https://login.example.com/keys.json',
        'postern.dev/jwt-algorithms': 'ES256, RS256',
        'postern.dev/jwt-clock-skew': '10s',
        'postern.dev/jwt-required-claims': 'scope=orders:read',
        'postern.dev/jwt-claim-headers': 'sub=X-User-Id',
        'postern.dev/jwt-from': 'bearer, cookie:session',
        'postern.dev/tls-secret': 'shop-tls, shop-wild',
        'postern.dev/tls-redirect': 'false',
        'postern.dev/hsts': 'max-age=31536000; preload',
        'postern.dev/client-ca': 'configmap/partners-ca',
        'postern.dev/client-certificates': 'optional',
        'postern.dev/jwt-jwks-secret': 'login-keys',
        'postern.dev/api-keys': 'partners',
        'postern.dev/api-key-from': 'header:X-API-Key, bearer',
        'postern.dev/api-key-header': 'X-Api-Client',
        'postern.dev/basic-auth': 'staff',
        'postern.dev/basic-auth-realm': 'Staff only',
        'postern.dev/basic-auth-header': 'X-Remote-User',
        'postern.dev/auth-url': 'https://auth.example.com/verify',
        'postern.dev/auth-response-headers': 'X-Auth-Request-User',
        'postern.dev/auth-signin': 'https://auth.example.com/start',
        'postern.dev/auth-cache-duration': '30s',
        'postern.dev/auth-cache-key': 'cookie:session',
        'postern.dev/acme': 'true',
      },
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      externalIPs: ['192.0.2.1'],
      ports: [
        {
          name: 'http',
          protocol: 'TCP',
          port: 80,
          targetPort: 'http',
          nodePort: 30080,
          appProtocol: 'https',
        },
      ],
      selector: { app: 'web' },
      ipFamilies: ['IPv4'],
      publishNotReadyAddresses: false,
      trafficDistribution: 'PreferSameNode',
      allocateLoadBalancerNodePorts: true,
      externalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      loadBalancerClass: 'postern.dev/gateway',
      loadBalancerSourceRanges: ['203.0.113.0/24'],
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.2', hostname: 'lb.example.com', ipMode: 'VIP' }] } },
  },
  ...[
    { type: 'NodePort', ports: [{ port: 80, nodePort: 30081 }], selector: { app: 'web' } },
    { clusterIP: 'None', ports: [{ port: 80 }], selector: { app: 'web' } },
    { type: 'ExternalName', externalName: 'api.example.com', ports: [{ port: 443, targetPort: 8443 }] },
  ].map((spec, i) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...meta(`web-${i}`), annotations: { 'postern.dev/expose': 'true' } },
    spec,
  })),
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...meta('web-1'), labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.244.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'node-1',
        zone: 'a',
        hostname: 'web-0',
        hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'node-1' }] },
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'web', uid: 'u' },
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta('web-example-com'),
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': 'bm9uZQ==' },
    stringData: { 'tls.key': 'none' },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta('web'),
    data: { 'ca.crt': 'none' },
    binaryData: { more: 'AAAA' },
  },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: meta('outside'),
    subsets: [
      {
        addresses: [endpointAddress],
        notReadyAddresses: [endpointAddress],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta('web'),
    spec: {
      nodeName: 'node-1',
      hostname: 'web-0',
      subdomain: 'web-1',
      ...podParts,
    },
    status: {
      phase: 'Running',
      podIP: '10.244.0.1',
      podIPs: [{ ip: '10.244.0.1' }],
      conditions: [{ type: 'Ready', status: 'False', message: 'no' }],
      containerStatuses: [{ name: 'app', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'a' } },
    status: {
      addresses: [{ type: 'InternalIP', address: '192.0.2.10' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'postern', labels: { team: 'edge' } } },
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shop',
      annotations: { 'postern.dev/allowed-hosts': 'web.example.com, *.web.example.com' },
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: meta('web'),
    spec: {
      podSelector: selector,
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] } },
            { namespaceSelector: selector, podSelector: selector },
          ],
          ports: [
            { protocol: 'TCP', port: 'http' },
            { port: 8080, endPort: 8090 },
          ],
        },
      ],
    },
  },
  ...workloadKinds.map((kind) => ({
    apiVersion: kind === 'ReplicationController' ? 'v1' : 'apps/v1',
    kind,
    metadata: meta('web'),
    spec: {
      replicas: 2,
      serviceName: 'web',
      ordinals: { start: 1 },
      template: { metadata: { labels: { app: 'web' } }, spec: podParts },
    },
  })),
]
