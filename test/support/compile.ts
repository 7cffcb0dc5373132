import { LOOPBACK } from '../../src/cli/loopback.ts'
import { type HostTemplate, parseHostTemplate } from '../../src/compile/host-template.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import { parseCidr } from '../../src/model/address.ts'

/** As `postern up` compiles, whose Pods may be processes of this machine; 10.0.0.0/8 and 2001:db8::/32 are the tests' to hand out. */
export const compileOptions: CompileOptions = {
  domain: 'example.test',
  hostTemplate: hostTemplate('{service}.{namespace}.{domain}'),
  hostClaims: 'open',
  allowHosts: [],
  loadBalancerClass: 'postern.dev/gateway',
  gatewayPods: { namespace: 'postern', labels: { app: 'gateway' } },
  endpointCidrs: ['10.0.0.0/8', '2001:db8::/32'].flatMap((text) =>
    [parseCidr(text)].filter((cidr) => cidr !== undefined),
  ),
  allowExternalNames: true,
  allowUnverifiedBackends: false,
  loopbackCidrs: LOOPBACK,
  certificates: nodeCertificates,
}

export function hostTemplate(text: string): HostTemplate {
  const parsed = parseHostTemplate(text)
  if (!parsed.ok) throw new Error(`the test's template is wrong: ${parsed.reason}`)
  return parsed.value
}
