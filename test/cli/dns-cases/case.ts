import type { EndpointSlice } from '../../../src/model/objects/endpoint-slice.ts'

export interface DnsSlice {
  readonly addressType: EndpointSlice['addressType']
  readonly endpoints: readonly object[]
}

/**
 * One case of Kubernetes DNS-Based Service Discovery 1.1.0 (kubernetes/dns, docs/specification.md). Where the
 * specification gives an answer as an example, that is the one expected.
 */
export interface DnsCase {
  /** Of the specification. */
  readonly section: string
  readonly title: string
  readonly name: string
  readonly namespace?: string
  readonly spec: object
  readonly slices?: readonly DnsSlice[]
  readonly zone?: string
  /** `name type data`, all of them. */
  readonly records: readonly string[]
}
