import { EXCLUDE_LABEL } from '../model/objects/node.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import { compareText, type Problem } from '../model/problem.ts'
import type { NodeRecord } from '../model/records.ts'
import { serviceProblem } from './annotations.ts'
import type { SliceSummary } from './endpoint-slice.ts'
import { portField } from './port.ts'
import { annotations } from './schema.ts'
import { fits } from './slice-fit.ts'

/** How many Nodes are named. */
const SHOWN = 5

/** A NodePort with Pods behind it, and no node that may be asked for it. Nothing is said while no Node has been seen. */
export function findNoNode(
  service: Service,
  port: ServicePort,
  slices: readonly SliceSummary[],
  nodes: ReadonlyMap<string, NodeRecord>,
): Problem[] {
  const isLocal = service.spec.externalTrafficPolicy === 'Local'
  const names = isLocal ? nodesWithPods(service, port, slices) : [...nodes.keys()]
  if (nodes.size === 0 || names.some((name) => obstacleOf(nodes.get(name), service) === undefined)) return []
  const shown = names
    .sort(compareText)
    .slice(0, SHOWN)
    .map((name) => `${name} ${obstacleOf(nodes.get(name), service)}`)
    .join(', ')
  const others = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  const why = names.length === 0 ? 'the endpoints name no node' : `${shown}${others}`
  return [
    serviceProblem(service, {
      code: 'node-port-unreachable',
      severity: 'warning',
      field: isLocal ? 'spec.externalTrafficPolicy' : portField(service, port, 'nodePort'),
      message: `No node can be asked for NodePort ${port.nodePort}${isLocal ? ' (only those with a Pod are, by externalTrafficPolicy Local)' : ''}: ${why}`,
      hint: `Mend the nodes, ${isLocal ? 'set externalTrafficPolicy: Cluster, ' : ''}or set ${annotations.target.name}: "pod". Until then its hostnames answer 503.`,
    }),
  ]
}

/** Ready Pods, else those that serve while they terminate, as gateways count them. */
function nodesWithPods(service: Service, port: ServicePort, slices: readonly SliceSummary[]): string[] {
  const fitting = slices.filter((slice) => fits(slice, service, port))
  const isReady = fitting.some(({ ready }) => ready.isAny)
  return [...new Set(fitting.flatMap(({ ready, draining }) => (isReady ? ready : draining).nodes))]
}

function obstacleOf(node: NodeRecord | undefined, { spec }: Service): string | undefined {
  if (node === undefined) return 'is not known'
  if (node.excluded) return `is excluded (label ${EXCLUDE_LABEL})`
  if (!node.ready) return 'is not ready'
  const { addresses } = node
  const families = spec.ipFamilies.length > 0 ? spec.ipFamilies : (['IPv4', 'IPv6'] as const)
  const isReached = addresses.some((each) => families.includes(each.includes(':') ? 'IPv6' : 'IPv4'))
  return isReached ? undefined : `has no address of ${families.join(' or ')}`
}
