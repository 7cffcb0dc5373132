import type { Service, ServicePort } from '../model/objects/service.ts'
import type { Problem } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'

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
      field: port.nodePort === undefined ? 'spec.type' : `spec.ports[port=${port.port}].nodePort`,
      message: `Port ${port.port} is open on every node too, as NodePort${number}, past the gateway's checks`,
      hint: isNeeded
        ? 'The gateway uses it: let a firewall admit only the gateways to it.'
        : isBalancer
          ? 'Set spec.allocateLoadBalancerNodePorts: false, or type ClusterIP: the gateway goes to the Pods.'
          : 'Use type ClusterIP: the gateway goes to the Pods.',
    }),
  ]
}
