import * as v from 'valibot'
import { list, maybe, namespacedMeta, port } from './meta.ts'

const servicePort = v.object({
  name: v.nullish(v.string(), ''),
  protocol: v.nullish(v.string(), 'TCP'),
  port,
  /** Number of a container port, or its name, resolved per Pod. */
  targetPort: maybe(v.union([port, v.string()])),
  nodePort: maybe(port),
  appProtocol: maybe(v.string()),
})

/** core/v1 LoadBalancerIngress: an address, and how it takes traffic; or a hostname. */
const loadBalancerIngress = v.object({
  ip: maybe(v.string()),
  hostname: maybe(v.string()),
  ipMode: maybe(v.string()),
})

/** core/v1 Service, stripped to what is used. */
export const serviceSchema = v.object({
  kind: v.literal('Service'),
  meta: namespacedMeta,
  status: v.nullish(
    v.object({ loadBalancer: v.nullish(v.object({ ingress: list(loadBalancerIngress) }), {}) }),
    {},
  ),
  spec: v.object({
    type: v.nullish(v.picklist(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']), 'ClusterIP'),
    externalName: maybe(v.string()),
    clusterIP: maybe(v.string()),
    clusterIPs: list(v.string()),
    externalIPs: list(v.string()),
    ports: list(servicePort),
    selector: maybe(v.record(v.string(), v.string())),
    ipFamilies: list(v.picklist(['IPv4', 'IPv6'])),
    externalTrafficPolicy: v.nullish(v.picklist(['Cluster', 'Local']), 'Cluster'),
    publishNotReadyAddresses: v.nullish(v.boolean(), false),
    sessionAffinity: v.nullish(v.picklist(['None', 'ClientIP']), 'None'),
    trafficDistribution: maybe(v.string()),
    allocateLoadBalancerNodePorts: v.nullish(v.boolean(), true),
    loadBalancerClass: maybe(v.string()),
    loadBalancerSourceRanges: list(v.string()),
  }),
})

export type Service = v.InferOutput<typeof serviceSchema>
export type ServicePort = Service['spec']['ports'][number]
export type LoadBalancerIngress = Readonly<v.InferOutput<typeof loadBalancerIngress>>
