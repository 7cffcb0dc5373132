import { type Cidr, isInCidr, parseCidr } from '../model/address.ts'

/** What `up` takes of files without being told: their Pods may be processes of this machine. */
export const LOOPBACK: readonly Cidr[] = ['127.0.0.0/8', '::1/128'].flatMap((block) => {
  const cidr = parseCidr(block)
  return cidr === undefined ? [] : [cidr]
})

/**
 * Of the operator's blocks those that name this machine, for whoever reads the files that `up` serves. A wider one, such
 * as 0.0.0.0/0, holds loopback without meaning it.
 */
export function loopbackAmong(cidrs: readonly Cidr[]): readonly Cidr[] {
  return cidrs.filter(([network, bits]) =>
    LOOPBACK.some((block) => bits >= block[1] && isInCidr(network, block)),
  )
}

/** Of files those that the operator names; of a cluster none, as its agent has none. */
export function loopbackOf({
  kubeconfig,
  endpointCidrs,
}: {
  readonly kubeconfig: string | undefined
  readonly endpointCidrs: readonly Cidr[]
}): readonly Cidr[] {
  return kubeconfig === undefined ? loopbackAmong(endpointCidrs) : []
}
