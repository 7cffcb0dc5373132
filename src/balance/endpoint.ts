import { formatAuthority } from '../model/host.ts'
import type { ServiceRecord } from '../model/records.ts'
import { hashText } from './rendezvous.ts'

/** A policy record that a client must be admitted by, for a container port. */
export interface Guard {
  /** Key of the record. */
  readonly policy: string
  readonly port: number
}

/** One address:port that may receive a request. */
export interface Endpoint {
  /** `address:port`: load and health are kept under it, across tables and routes. */
  readonly key: string
  readonly address: string
  readonly port: number
  readonly pod: string | undefined
  readonly node: string | undefined
  readonly zone: string | undefined
  /** Of the key, for rendezvous. */
  readonly hash: number
  /** Meant for callers elsewhere: chosen only where the Service allows to spill over. */
  readonly isFar: boolean
  /** All of them must admit a client. */
  readonly guards: readonly Guard[]
}

/** What is chosen from: the part of a forward plan that `choose` reads. */
export interface Choice {
  readonly service: { readonly key: string; readonly record: Pick<ServiceRecord, 'balance' | 'spillOver'> }
  /** The endpoints that this client may be sent to. */
  readonly candidates: readonly Endpoint[]
  /** Hash of the client where the Service wants it to stay at one endpoint. */
  readonly affinity: number | undefined
}

/** What choosing reads, and only reads. */
export interface BalanceState {
  /** Requests under way at an endpoint. */
  loadOf(endpoint: string): number
  /** How many attempts have been begun of a service that takes turns. */
  turnOf(service: string): number
  /** Whether any endpoint may be suspect: most of the time none is, and nobody needs to ask for each. */
  readonly hasSuspects: boolean
  /** Could not be connected to a moment ago. */
  isSuspect(endpoint: string): boolean
}

/** Written out member by member: of a hundred thousand, objects that were spread take half as much again. */
export function endpointAt(
  address: string,
  port: number,
  { pod, node, zone, isFar, guards }: Omit<Endpoint, 'key' | 'address' | 'port' | 'hash'>,
): Endpoint {
  const key = formatAuthority(address, port)
  return { key, address, port, pod, node, zone, hash: hashText(key), isFar, guards }
}
