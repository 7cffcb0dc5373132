import { entries } from './entry.ts'

export const serviceProblems = entries({
  'affinity-behind-node': {
    title: 'Session affinity behind a NodePort',
    severity: 'warning',
    cause:
      'kube-proxy tells clients apart by the address that it sees, and behind a gateway that is the gateway’s: all clients of one gateway stick to one Pod of a node.',
    mend: 'Set `postern.dev/target: "pod"`: the gateway then keeps each client at its Pod.',
  },
  'field-invalid': {
    title: 'A field of the Service that cannot be used',
    severity: 'error',
    cause:
      'The API server took the value, but it does not mean what it must mean here. It says who may come, so that the hostnames answer 503 until it is mended.',
    mend: 'Give the field a value as the hint shows.',
  },
  'node-port-missing': {
    title: 'Requests are to go to nodes, but there is no nodePort',
    severity: 'error',
    cause: 'The target is `node`, and the chosen port has no `nodePort`. Requests are answered 503.',
    mend: 'Give the Service type NodePort, or set `postern.dev/target: "pod"`.',
  },
  'node-port-open': {
    title: 'A NodePort that leads past the gateway',
    severity: 'warning',
    cause:
      'The exposed Service can be reached on a port of every node as well. Who comes that way meets none of the gateway’s checks, and the Pods see no true client address. When the gateway itself uses the NodePort it is needed, so that this is only worth knowing (info).',
    mend: 'Use type ClusterIP (for a LoadBalancer `allocateLoadBalancerNodePorts: false`). Where the NodePort is needed, let a firewall admit only the gateways to it.',
  },
  'port-ambiguous': {
    title: 'Several ports, and none is the obvious one',
    severity: 'error',
    cause:
      'The Service has several TCP ports; none is named `http`, none is port 80, and no annotation chooses. Requests are answered 503.',
    mend: 'Name one with `postern.dev/port`.',
  },
  'port-unknown': {
    title: 'A port that the Service does not have',
    severity: 'error',
    cause:
      '`postern.dev/port` names no TCP port of the Service, or it has no TCP port at all. Requests are answered 503.',
    mend: 'Name one of its ports, by name or number.',
  },
  'protocol-unknown': {
    title: 'An appProtocol that is not known',
    severity: 'error',
    cause: '`appProtocol` of the exposed port has a value of no protocol. Requests are answered 503.',
    mend: 'Use `http` or leave it out; `kubernetes.io/ws` for WebSocket.',
  },
  'protocol-unsupported': {
    title: 'An appProtocol that cannot be carried yet',
    severity: 'error',
    cause: 'The exposed port speaks a protocol that the gateway does not. Requests are answered 503.',
    mend: 'Expose a port that speaks HTTP/1.1.',
  },
  'selector-duplicate': {
    title: 'Two Services with the same selector and port',
    severity: 'warning',
    cause:
      'Two Services of a namespace send requests to the same port of the same Pods: often one was copied from the other, and its selector was not changed. Headless Services do not count, nor do two that share a hostname. When only one of the two is exposed it is worth knowing (info): who may reach the other meets none of the gateway’s checks.',
    mend: 'Correct the selector of one of them; or expose one, and list all hostnames on it.',
  },
  'service-type-unsupported': {
    title: 'A Service of a type that cannot be exposed',
    severity: 'error',
    cause: 'A Service of type ExternalName has no endpoints in the cluster. Requests are answered 503.',
    mend: 'Expose a Service with a selector, or with EndpointSlices.',
  },
})
