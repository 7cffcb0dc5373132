import { entries } from './entry.ts'

export const endpointProblems = entries({
  'endpoint-refused': {
    title: 'An endpoint to which no request is sent',
    severity: 'warning',
    cause:
      'An EndpointSlice names an address that is not a Pod of its own namespace, or one that nobody should be sent to (loopback, link-local, metadata, a Node, a Service, the API server). Whoever may write slices could otherwise borrow the gateway’s reach (CVE-2021-25740, CVE-2020-8554).',
    mend: 'Let the endpoint name its Pod in `targetRef` (namespace, name and UID). For endpoints outside the cluster the operator allows their block with `--allow-endpoint-cidrs`. Loopback is for manifests whose Pods are processes of your own machine: `up` sends requests there, and `check`, `explain` and the others that read manifests take it once it is named (`--allow-endpoint-cidrs 127.0.0.0/8`); a cluster never does.',
  },
  'endpoints-missing': {
    title: 'A Service without selector and without endpoints',
    severity: 'warning',
    cause:
      'Nothing says what is behind the Service: it has no `spec.selector`, and no EndpointSlice with an endpoint. Slices of addressType FQDN are not used, as kube-proxy does not use them. Its hostnames answer 503.',
    mend: 'Add `spec.selector`; or write an EndpointSlice with the label `kubernetes.io/service-name`.',
  },
  'endpoints-unfit': {
    title: 'EndpointSlices that do not fit the Service',
    severity: 'error',
    cause:
      'The Service has endpoints, but in EndpointSlices that have no port of the exposed port’s name, or are of an address family that is not among `spec.ipFamilies`. Neither a gateway nor kube-proxy finds anything in them. Its hostnames answer 503.',
    mend: 'Call the port in the EndpointSlice as in the Service (a port without a name has none there either), or write a slice of the Service’s family.',
  },
  'endpoints-unready': {
    title: 'No Pod of the Service can serve',
    severity: 'warning',
    cause:
      'There are Pods behind the Service, but none of them is ready (and none is terminating and still serving). The message says why, as far as the Pods tell: not scheduled, an image that cannot be pulled, a container that crashes, a readiness probe that fails. Its hostnames answer 503.',
    mend: 'Look at one of the Pods: `kubectl describe pod`, and the logs of the container that the message names.',
  },
  'selector-matches-nothing': {
    title: 'A selector that no Pod matches',
    severity: 'warning',
    cause:
      'No Pod and no Pod template in the namespace has all labels of `spec.selector`. A selector never reaches into another namespace. Its hostnames answer 503.',
    mend: 'Compare the selector with the labels of the Pods; the nearest ones are in the hint.',
  },
  'target-port-unknown': {
    title: 'A targetPort that no container has',
    severity: 'error',
    cause:
      'The exposed port leads to a container port that none of the Pods declares. A name that no container knows leads nowhere: 503. A number that is not declared may still be listened on, so that this is only a warning.',
    mend: 'Set `targetPort` to one of the container ports in the hint, or declare the port in the container.',
  },
  'workload-not-running': {
    title: 'The Pods do not run yet',
    severity: 'info',
    cause:
      'The selector matches a Pod template, but there are no Pods: the manifests hold no more than the template, or it is scaled to zero. The hostnames answer 503 until Pods run.',
    mend: 'Nothing, when only manifests were read. Otherwise look at the workload’s own conditions and events.',
  },
})
