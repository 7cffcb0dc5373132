import { entries } from './entry.ts'

export const policyProblems = entries({
  'namespace-unguarded': {
    title: 'An exposed namespace without NetworkPolicy',
    severity: 'info',
    cause:
      'A Service of the namespace is exposed, and no NetworkPolicy in it says who may reach its Pods: every Pod of the cluster may, beside the gateway.',
    mend: 'Add a NetworkPolicy that admits the gateway’s Pods and the clients, and no one else. Both rules are in the hint.',
  },
  'policy-invalid': {
    title: 'A part of a NetworkPolicy that cannot be read',
    severity: 'error',
    cause:
      'The part stays, as one that admits nobody: without it, what the policy protects would stand open. A selector that cannot be read selects every Pod.',
    mend: 'Mend the field that the message names.',
  },
  'policy-shuts-out-clients': {
    title: 'A NetworkPolicy that admits no client from outside',
    severity: 'warning',
    cause:
      'Postern asks NetworkPolicies with the true address of the client. Peers given by selectors are Pods, so that a policy that admits only the gateway’s Pods (or none) admits no client: every request is answered 403.',
    mend: 'Add the rule in the hint: an `ipBlock` for the clients. Or run the gateway with `--network-policy off`, which leaves NetworkPolicies to the CNI alone.',
  },
  'policy-shuts-out-gateway': {
    title: 'A NetworkPolicy that admits clients, but not the gateway',
    severity: 'warning',
    cause:
      'The CNI sees the gateway as the client. No rule of the policies admits its Pods (`--gateway-pods`) at this port, so that a CNI that enforces them drops its connections: 502 or 504. Gateways outside the cluster need an `ipBlock` instead.',
    mend: 'Add the rule in the hint: the gateway’s selector.',
  },
})
