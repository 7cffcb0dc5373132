import * as v from 'valibot'
import { accessPolicySchema } from './access-policy.ts'
import { backendTlsSchema } from './backend-tls.ts'
import {
  type AuthorityRecord,
  authoritySchema,
  type CertificateRecord,
  type ChallengeRecord,
  type CredentialRecord,
  certificateSchema,
  challengeSchema,
  credentialSchema,
} from './credential-records.ts'
import { jwtPolicySchema } from './jwt-policy.ts'
import { clientListsSchema, limitsSchema } from './limits.ts'
import { type PolicyRecord, policySchema } from './policy-record.ts'
import { type Problem, problemSchema } from './problem.ts'
import { routeTlsSchema } from './route-tls.ts'

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))
const millis = v.pipe(v.number(), v.integer(), v.minValue(0))

/** `exact`: the whole path. `prefix`: whole segments from the start (Gateway API `PathPrefix`). */
const pathMatch = v.object({ type: v.picklist(['exact', 'prefix']), value: v.string() })

/** The object and field that a rule came from, for `explain`, logs and traces. */
const origin = v.object({ kind: v.string(), namespace: v.string(), name: v.string() })

// What restricts is read strictly: a part that this gateway does not know could be the one that says no.
const action = v.variant('type', [
  v.strictObject({
    type: v.literal('forward'),
    /** Key of a service record. */
    service: v.string(),
    /** Prefix of the path that is cut before the request goes on. */
    stripPrefix: v.optional(v.string()),
    /** On a wildcard host: the one label in place of the `*` names the endpoint, and nobody else answers. */
    endpoint: v.optional(v.literal('by-hostname')),
  }),
  /** What was asked for cannot be done safely: answered 503 until the problem is mended. */
  v.strictObject({ type: v.literal('unavailable'), problem: v.string() }),
])

const rule = v.strictObject({ path: pathMatch, action, origin })

/** Key: the hostname, exact or `*.parent`. Rules stand in the order in which they are tried. */
const route = v.strictObject({
  host: v.string(),
  rules: v.array(rule),
  /** Absent: what the gateway does for every host. */
  tls: v.optional(routeTlsSchema),
})

const protocols = ['http', 'https', 'h2c', 'grpc', 'ws', 'wss'] as const

const service = v.strictObject({
  namespace: v.string(),
  name: v.string(),
  /** `spec.ports[].port`, which the key ends with. */
  port,
  /** Which port of an EndpointSlice to use; `''` for an unnamed one. */
  portName: v.string(),
  /** `appProtocol`. The road carries HTTP/1.1 and WebSocket, in the clear and over TLS, so far. */
  protocol: v.picklist(protocols),
  /** How https and wss reach it. Absent: they do not, and nothing goes there in the clear instead. */
  tls: v.optional(backendTlsSchema),
  /** Its endpoints answer by their hostnames too. Absent: they do not. */
  headless: v.optional(v.literal(true)),
  target: v.variant('type', [
    v.object({ type: v.literal('pod') }),
    v.object({ type: v.literal('node'), nodePort: port, onlyLocal: v.boolean() }),
    /** `spec.externalName`, which gateways resolve; also the Host that goes there. */
    v.object({ type: v.literal('external'), name: v.string(), port }),
  ]),
  /** `spec.ipFamilies` in its order; empty: IPv4 before IPv6. */
  families: v.array(v.picklist(['IPv4', 'IPv6'])),
  balance: v.picklist(['least-request', 'round-robin']),
  /** `sessionAffinity: ClientIP`: a client stays at one endpoint for as long as that is eligible. */
  affinity: v.picklist(['none', 'client-ip']),
  /** Requests under way at every near endpoint from which those elsewhere get some too. Absent: never. */
  spillOver: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** `spec.loadBalancerSourceRanges`: the CIDR blocks that clients may come from. Absent: everyone. */
  sources: v.optional(v.array(v.string())),
  /** Allow and deny lists, by annotation. Absent: everyone may come. */
  clients: v.optional(clientListsSchema),
  /** How much it takes, by annotation. Absent: no limits of its own. */
  limits: v.optional(limitsSchema),
  /** What a client's token must say (docs/tokens.md). Absent: nobody is asked for one. */
  jwt: v.optional(jwtPolicySchema),
  /** API keys, passwords, and who else is asked (docs/auth.md). Absent: nobody is asked for these. */
  access: v.optional(accessPolicySchema),
  /** How long the endpoint may take to begin its response. 0: without end. */
  timeoutMs: millis,
  /** How long nothing may move once the response has begun. 0: without end. */
  idleTimeoutMs: millis,
})

const endpoint = v.object({
  address: v.string(),
  ready: v.boolean(),
  serving: v.boolean(),
  terminating: v.boolean(),
  node: v.optional(v.string()),
  zone: v.optional(v.string()),
  /** `hints`: the zones and nodes whose callers it is meant for. */
  forZones: v.optional(v.array(v.string())),
  forNodes: v.optional(v.array(v.string())),
  /** `targetRef` when it is a Pod: its name. */
  pod: v.optional(v.string()),
  /** What a headless Service calls it, a DNS label. Absent: the Pod's name. */
  hostname: v.optional(v.string()),
  /** Key of the policy record that says who may reach the Pod. Absent: no NetworkPolicy selects it. */
  policy: v.optional(v.string()),
})

/** One per EndpointSlice. Key: namespace/service/slice. */
const endpoints = v.object({
  family: v.picklist(['IPv4', 'IPv6']),
  ports: v.array(v.object({ name: v.string(), port })),
  endpoints: v.array(endpoint),
  /** How many that could serve were refused, and are left out: a NodePort leads to them all the same. */
  refused: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
})

const node = v.object({
  /** Addresses in the order in which they are preferred. */
  addresses: v.array(v.string()),
  zone: v.optional(v.string()),
  ready: v.boolean(),
  /** Label `node.kubernetes.io/exclude-from-external-load-balancers`. */
  excluded: v.boolean(),
})

/** Key: kind/namespace/name of the object. */
const problems = v.array(problemSchema)

/** How a record of each kind is read: see parse-record.ts. */
export const recordSchemas = {
  route,
  service,
  endpoints,
  node,
  policy: policySchema,
  certificate: certificateSchema,
  credential: credentialSchema,
  authority: authoritySchema,
  challenge: challengeSchema,
  problem: problems,
} as const

export type RecordKind = keyof typeof recordSchemas
export type Rule = Readonly<v.InferOutput<typeof rule>>
export type RuleOrigin = Readonly<v.InferOutput<typeof origin>>
export type RuleAction = v.InferOutput<typeof action>
export type PathMatch = v.InferOutput<typeof pathMatch>
export type RouteRecord = Readonly<v.InferOutput<typeof route>>
export type ServiceRecord = Readonly<v.InferOutput<typeof service>>
export type EndpointsRecord = Readonly<v.InferOutput<typeof endpoints>>
export type EndpointRecord = Readonly<v.InferOutput<typeof endpoint>>
export type NodeRecord = Readonly<v.InferOutput<typeof node>>

interface RecordValues {
  route: RouteRecord
  service: ServiceRecord
  endpoints: EndpointsRecord
  node: NodeRecord
  policy: PolicyRecord
  certificate: CertificateRecord
  credential: CredentialRecord
  authority: AuthorityRecord
  challenge: ChallengeRecord
  problem: readonly Problem<string>[]
}

/** A record with its key, by kind. */
export type PosternRecord = {
  [K in RecordKind]: { readonly kind: K; readonly key: string; readonly value: RecordValues[K] }
}[RecordKind]

export const recordKinds: readonly RecordKind[] = [
  'route',
  'service',
  'endpoints',
  'node',
  'policy',
  'certificate',
  'credential',
  'authority',
  'challenge',
  'problem',
]

export function serviceKey(namespace: string, name: string, servicePort: number): string {
  return `${namespace}/${name}:${servicePort}`
}
