import type { Caller } from '../../model/address-set.ts'
import type { RequestHead, RoadOptions, Step } from '../road.ts'
import type { ExplainedStep } from './explanation.ts'

const NAMES = { 'x-forwarded-for': 'X-Forwarded-For', forwarded: 'Forwarded' } as const

/** Whose request it is, and why what it says of that is believed or not. */
export function clientStep(
  { client, peer }: Extract<Step, { step: 'client' }>,
  head: RequestHead,
  { forwardedHeader = 'x-forwarded-for' }: RoadOptions,
): Omit<ExplainedStep, 'verdict'> {
  const forwarded = head.field(forwardedHeader)
  const source = peer.isTrusted
    ? `named by the trusted proxy ${peer.address}`
    : 'the address that the connection comes from'
  const details =
    forwarded !== undefined && !peer.isTrusted
      ? [
          `${NAMES[forwardedHeader]} "${forwarded}" is not believed: ${peer.address} is not in --trusted-proxies`,
        ]
      : []
  return { step: 'client', summary: `${client.address}, ${source}; ${client.scheme}`, details }
}

/** For the checks on who may come in. */
export function maskLines(caller: Caller | undefined): string[] {
  if (caller?.isMasked !== true) return []
  const address = caller.address.toString()
  return [
    `${address} is a Node's: source NAT hides the client, so only what is open to every address admits it`,
  ]
}
