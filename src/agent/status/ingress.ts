import * as v from 'valibot'
import { parseObject } from '../../model/objects/object.ts'
import type { LoadBalancerIngress, Service } from '../../model/objects/service.ts'
import { FIELD_MANAGER } from '../cluster/kube-api.ts'

const managedSchema = v.object({
  manager: v.literal(FIELD_MANAGER),
  subresource: v.literal('status'),
  fieldsV1: v.object({
    'f:status': v.object({ 'f:loadBalancer': v.object({ 'f:ingress': v.unknown() }) }),
  }),
})

const metadataSchema = v.object({
  metadata: v.object({ resourceVersion: v.string(), managedFields: v.nullish(v.array(v.unknown()), []) }),
})

/** A Service as the API server has it at one moment. */
export interface FoundService {
  readonly service: Service
  /** A write that names it is refused when there was another in between. */
  readonly version: string
  /** What its status tells stands there by us, and nobody has written it since. */
  readonly isWrittenByUs: boolean
}

/** Reads what the API server gave. @returns undefined when it is no Service that can be read. */
export function readService(answer: unknown): FoundService | undefined {
  const parsed = parseObject(answer)
  const metadata = v.safeParse(metadataSchema, answer)
  if (parsed.type !== 'object' || parsed.object.kind !== 'Service' || !metadata.success) return undefined
  const { resourceVersion: version, managedFields } = metadata.output.metadata
  const isWrittenByUs = managedFields.some((entry) => v.is(managedSchema, entry))
  return { service: parsed.object, version, isWrittenByUs }
}

export function ingressOf({ status }: Service): readonly LoadBalancerIngress[] {
  return status.loadBalancer.ingress
}

/** In any order: a balancer's addresses have none. */
export function isSameIngress(a: readonly LoadBalancerIngress[], b: readonly LoadBalancerIngress[]): boolean {
  return a.map(textOf).sort().join('\n') === b.map(textOf).sort().join('\n')
}

/** A merge patch of the status subresource, refused with 409 unless the Service is still at that version. */
export function ingressPatch(version: string, ingress: readonly LoadBalancerIngress[]): object {
  return {
    metadata: { resourceVersion: version },
    status: { loadBalancer: { ingress: ingress.length === 0 ? null : ingress } },
  }
}

export function statusPath({ meta }: Service): string {
  return `/api/v1/namespaces/${meta.namespace}/services/${meta.name}/status`
}

function textOf({ ip = '', hostname = '', ipMode = '' }: LoadBalancerIngress): string {
  return `${ip} ${hostname} ${ipMode}`
}
