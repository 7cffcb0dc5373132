import type { CertificateRecord } from '../../model/credential-records.ts'
import type { Service } from '../../model/objects/service.ts'
import type { Problem } from '../../model/problem.ts'
import { serviceProblem } from '../annotations.ts'
import { coverageFaults } from './coverage.ts'
import type { Fault, SecretReading } from './fault.ts'
import type { SecretReference } from './reference.ts'
import { validityFaults } from './validity.ts'

/** A Service that names Secrets. */
export interface Referrer {
  readonly service: Service
  readonly references: readonly SecretReference[]
  /** Those that its certificates should be for. */
  readonly hosts: readonly string[]
}

/** `unread`: nobody has asked yet, or could. `forbidden`: the API server says that the agent may not read it. */
export type Withheld = 'unread' | 'forbidden'

export interface SecretState {
  readonly withheld: Withheld | undefined
  /** Undefined when there is no such object. */
  readonly reading: SecretReading | undefined
}

/** All that is wrong with what a Service names. @param now when certificates are judged; undefined: they are not */
export function referrerProblems(
  { service, references, hosts }: Referrer,
  stateOf: (reference: SecretReference) => SecretState,
  now: number | undefined,
): Problem[] {
  const problems = references.flatMap((reference) =>
    faultsOf(service, reference, stateOf(reference), now).map((fault) => on(service, reference, fault)),
  )
  const certificates = references.filter(({ use }) => use === 'certificate')
  const records = certificates.flatMap((reference) => certificateOf(stateOf(reference).reading) ?? [])
  const [first] = certificates
  // One that is not there yet may be the one for the host.
  if (first === undefined || records.length < certificates.length) return problems
  return [...problems, ...coverageFaults(hosts, records).map((fault) => on(service, first, fault))]
}

function faultsOf(
  service: Service,
  reference: SecretReference,
  { withheld, reading }: SecretState,
  now: number | undefined,
): readonly Fault[] {
  const refusal = withheld === 'forbidden' ? [forbidden(reference)] : []
  if (reading === undefined) return withheld === undefined ? [missing(service, reference)] : refusal
  const certificate = certificateOf(reading)
  const timely =
    certificate === undefined || now === undefined ? [] : validityFaults(reference.name, certificate, now)
  return [...refusal, ...reading.faults, ...timely]
}

function certificateOf(reading: SecretReading | undefined): CertificateRecord | undefined {
  return reading?.record?.kind === 'certificate' ? reading.record.value : undefined
}

function on(service: Service, { field }: SecretReference, fault: Fault): Problem {
  return serviceProblem(service, { ...fault, field })
}

function missing({ meta }: Service, { kind, namespace, name }: SecretReference): Fault {
  // Of manifests, which were never applied, nobody expects that they hold all Secrets.
  const isInCluster = meta.uid !== ''
  return {
    code: 'secret-missing',
    severity: isInCluster ? 'error' : 'warning',
    message: `There is no ${kind} ${name} in namespace ${namespace}`,
    hint: `Make it, or correct the name${isInCluster ? '' : '; where only the cluster has it, all is well'}. Until then what needs it stays closed.`,
  }
}

function forbidden({ kind, namespace, name }: SecretReference): Fault {
  return {
    code: 'secret-forbidden',
    severity: 'error',
    message: `The agent may not read ${kind} ${name} in namespace ${namespace}`,
    hint: `It takes Role postern-agent-secrets in namespace ${namespace}: postern roles --namespace ${namespace} prints it, for kubectl apply -f -. Until then what needs it stays closed, or is as it was last read.`,
  }
}
