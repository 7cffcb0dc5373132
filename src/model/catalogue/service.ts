import { entries } from './entry.ts'

export const serviceProblems = entries({
  'affinity-behind-node': {
    title: 'Session affinity behind a NodePort',
    severity: 'warning',
    cause:
      'kube-proxy tells clients apart by the address that it sees, and behind a gateway that is the gateway’s: all clients of one gateway stick to one Pod of a node.',
    mend: 'Set `postern.dev/target: "pod"`: the gateway then keeps each client at its Pod.',
  },
  'external-name-refused': {
    title: 'A Service of type ExternalName, where the operator does not allow them',
    severity: 'error',
    cause:
      'Whoever may write such a Service has the gateway dial a name outside the cluster, so that it is off unless `--allow-external-names` is given. Requests are answered 503.',
    mend: 'Ask the operator for `--allow-external-names`; or expose a Service with endpoints in the cluster.',
  },
  'field-invalid': {
    title: 'A field of the Service that cannot be used',
    severity: 'error',
    cause:
      'The API server took the value, but it does not mean what it must mean here. It says who may come, or where requests go, so that the hostnames answer 503 until it is mended.',
    mend: 'Give the field a value as the hint shows.',
  },
  'field-unknown': {
    title: 'A field of the Service with a value that is not known',
    severity: 'warning',
    cause:
      '`trafficDistribution` has a value that Postern does not know, and perhaps the API server neither. The Service is reached as if the field were not there: the hints in its EndpointSlices, if any, still count.',
    mend: 'Use `PreferSameZone` (`PreferClose` is its older name) or `PreferSameNode`, or leave the field out.',
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
  'node-port-refused': {
    title: 'A NodePort that leads to an endpoint that is refused',
    severity: 'error',
    cause:
      'Requests are to go to nodes, and kube-proxy sends them on to whatever stands in the Service’s EndpointSlices: also to an endpoint that no request may be sent to (`endpoint-refused`). Which one it chooses the gateway cannot see, so that the whole Service is closed: 503.',
    mend: 'Mend the EndpointSlice: its own problem says which endpoint is refused, and why. Or set `postern.dev/target: "pod"`: then only that endpoint is left out.',
  },
  'node-port-unreachable': {
    title: 'A NodePort that no node can be asked for',
    severity: 'warning',
    cause:
      'Requests are to go to nodes, and none is left: gateways leave out nodes that are not ready, have the label `node.kubernetes.io/exclude-from-external-load-balancers`, or have no address of the Service’s family; under `externalTrafficPolicy: Local` also those without a Pod that can serve. Its hostnames answer 503.',
    mend: 'Mend the nodes that the message names, or let the Pods run on others; or set `externalTrafficPolicy: Cluster`, or `postern.dev/target: "pod"`.',
  },
  'secret-unsealed': {
    title: 'A Secret that no gateway could be given',
    severity: 'error',
    cause:
      'What a Service asks for is in a Secret, and the agent has no public key of the gateways to seal it to. It is not published at all: to publish it open would show it to whoever reads the registry. What needs it stays closed.',
    mend: 'Give the agent `--gateway-keys` and the gateways `--sealing-key`; `postern keys make` makes both (docs/registry-trust.md).',
  },
  'platform-unsupported': {
    title: 'Something that this gateway’s platform cannot do',
    severity: 'error',
    cause:
      'The Service asks for what the platform of this gateway (a Cloudflare Worker) does not offer; gateways on Node do. The gateway itself finds it, so that only its console lists it. Where the Service cannot be reached at all it is answered 501; where something is merely left out it is a warning.',
    mend: 'See docs/workers.md for what the platform cannot do; serve this hostname by a gateway on Node.',
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
    mend: 'Use `http` or leave it out, or `https`; `kubernetes.io/ws` and `kubernetes.io/wss` for WebSocket. Where another value is needed, say `https` by `postern.dev/backend-protocol`.',
  },
  'protocol-unsupported': {
    title: 'An appProtocol that cannot be carried yet',
    severity: 'error',
    cause: 'The exposed port speaks a protocol that the gateway does not. Requests are answered 503.',
    mend: 'Expose a port that speaks HTTP/1.1, in the clear or over TLS.',
  },
  'selector-duplicate': {
    title: 'Two Services with the same selector and port',
    severity: 'warning',
    cause:
      'Two Services of a namespace send requests to the same port of the same Pods: often one was copied from the other, and its selector was not changed. Headless Services do not count, nor do two that share a hostname. When only one of the two is exposed it is worth knowing (info): who may reach the other meets none of the gateway’s checks.',
    mend: 'Correct the selector of one of them; or expose one, and list all hostnames on it.',
  },
})
