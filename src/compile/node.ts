import { EXCLUDE_LABEL, type Node, ZONE_LABEL } from '../model/objects/node.ts'
import type { NodeRecord } from '../model/records.ts'

/** Where a NodePort is dialled: inside the cluster's network first. Hostnames are left out: nothing resolves them. */
const ADDRESS_TYPES = ['InternalIP', 'ExternalIP']

export function compileNode(node: Node): NodeRecord {
  const zone = node.meta.labels[ZONE_LABEL]
  return {
    addresses: ADDRESS_TYPES.flatMap((type) =>
      node.status.addresses.filter((entry) => entry.type === type).map((entry) => entry.address),
    ),
    ...(zone === undefined ? {} : { zone }),
    ready: node.status.conditions.some(
      (condition) => condition.type === 'Ready' && condition.status === 'True',
    ),
    excluded: EXCLUDE_LABEL in node.meta.labels,
  }
}
