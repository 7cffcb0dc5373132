import { parseHostTemplate } from '../compile/host-template.ts'
import { parseCidrs } from './address-values.ts'
import {
  parseAllowHosts,
  parseDomain,
  parseHostClaims,
  parseLabelName,
  parsePodSelector,
} from './compile-values.ts'
import { flag } from './flag.ts'
import { parseBoolean } from './values.ts'

/** What decides how a cluster's objects become records. */
export const compileFlags = {
  domain: flag('domain', 'NAME', 'localhost', 'the domain below which default hostnames lie', parseDomain),
  hostTemplate: flag(
    'host-template',
    'TEMPLATE',
    '{service}.{namespace}.{domain}',
    'how default hostnames are made; {service}--{namespace}.{domain} fits one wildcard certificate',
    parseHostTemplate,
  ),
  hostClaims: flag(
    'host-claims',
    'open|strict',
    'open',
    'who may claim other hostnames: everyone, the oldest first, or only namespaces that are allowed to',
    parseHostClaims,
  ),
  allowHosts: flag(
    'allow-hosts',
    'NAMESPACE=HOST,…',
    '',
    'hostnames that namespaces may claim when claims are strict; * is every namespace, *.HOST all below it',
    parseAllowHosts,
  ),
  loadBalancerClass: flag(
    'load-balancer-class',
    'NAME',
    'postern.dev/gateway',
    'Services of type LoadBalancer with this class are exposed with no annotation',
    parseLabelName,
  ),
  clusterDomain: flag(
    'cluster-domain',
    'NAME',
    'cluster.local',
    "the zone of the cluster's own DNS",
    parseDomain,
  ),
  endpointCidrs: flag(
    'allow-endpoint-cidrs',
    'CIDR,…',
    '',
    'where endpoints may lie that are no Pods; of manifests also where on this machine, which up takes unasked',
    parseCidrs,
  ),
  allowExternalNames: flag(
    'allow-external-names',
    'true|false',
    'false',
    'whether Services of type ExternalName may be exposed',
    parseBoolean,
  ),
  allowUnverifiedBackends: flag(
    'allow-unverified-backends',
    'true|false',
    'false',
    'whether Services may be reached over TLS without looking at the certificates of their endpoints',
    parseBoolean,
  ),
  gatewayPods: flag(
    'gateway-pods',
    'NAMESPACE/LABEL=VALUE,…',
    'postern/app.kubernetes.io/name=postern,app.kubernetes.io/component=gateway',
    "the gateways' Pods, whom NetworkPolicies must admit",
    parsePodSelector,
  ),
} as const
