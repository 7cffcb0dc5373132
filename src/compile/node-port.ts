import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'
import type { SliceSummary } from './endpoint-slice.ts'
import { portField } from './port.ts'
import { annotations } from './schema.ts'

/** An exposed port that every node answers on as well: who comes that way meets none of the gateway's checks. */
export function findOpenNodePort(service: Service, port: ServicePort, isNeeded: boolean): Problem[] {
  const { type, allocateLoadBalancerNodePorts } = service.spec
  const isBalancer = type === 'LoadBalancer'
  if (type !== 'NodePort' && !isBalancer) return []
  // A manifest names no NodePort that the API server has yet to choose.
  if (port.nodePort === undefined && isBalancer && !allocateLoadBalancerNodePorts) return []
  const number = port.nodePort === undefined ? '' : ` ${port.nodePort}`
  return [
    serviceProblem(service, {
      code: 'node-port-open',
      severity: isNeeded ? 'info' : 'warning',
      field: port.nodePort === undefined ? 'spec.type' : portField(service, port, 'nodePort'),
      message: `Port ${port.port} is open on every node too, as NodePort${number}, past the gateway's checks`,
      hint: isNeeded
        ? 'The gateway uses it: let a firewall admit only the gateways to it.'
        : isBalancer
          ? 'Set spec.allocateLoadBalancerNodePorts: false, or type ClusterIP: the gateway goes to the Pods.'
          : 'Use type ClusterIP: the gateway goes to the Pods.',
    }),
  ]
}

/** A NodePort that may lead to an endpoint that is refused: no node is asked, whatever else stands behind it. */
export function findRefusedNodePort(
  service: Service,
  port: ServicePort,
  slices: readonly SliceSummary[],
): Problem[] {
  const count = slices.reduce((sum, { refused }) => sum + refused, 0)
  if (count === 0) return []
  const endpoints = count === 1 ? 'an endpoint that is' : `${count} endpoints that are`
  return [
    serviceProblem(service, {
      code: 'node-port-refused',
      severity: 'error',
      field: portField(service, port, 'nodePort'),
      message: `Requests are to go to nodes, but NodePort ${port.nodePort} may lead to ${endpoints} refused`,
      hint: `Mend the EndpointSlice (its problem endpoint-refused says why), or set ${annotations.target.name}: "pod". Until then its hostnames answer 503.`,
    }),
  ]
}
