import * as v from 'valibot'

/** What is wrong with one object. Closed: a new code enters here, and in the catalogue. */
export const problemCodes = [
  'acme-failed',
  'acme-impossible',
  'affinity-behind-node',
  'annotation-invalid',
  'annotation-unknown',
  'annotation-unused',
  'backend-tls-incomplete',
  'backend-tls-unverified',
  'auth-incomplete',
  'certificate-invalid',
  'certificate-names',
  'certificate-untimely',
  'duplicate-object',
  'endpoint-refused',
  'endpoints-missing',
  'endpoints-unfit',
  'endpoints-unready',
  'external-name-refused',
  'field-invalid',
  'field-unknown',
  'file-unreadable',
  'host-conflict',
  'host-not-allowed',
  'host-overlap',
  'host-reserved',
  'jwt-incomplete',
  'namespace-unguarded',
  'node-port-missing',
  'node-port-open',
  'node-port-refused',
  'node-port-unreachable',
  'object-invalid',
  'path-conflict',
  'platform-unsupported',
  'policy-invalid',
  'policy-shuts-out-clients',
  'policy-shuts-out-gateway',
  'port-ambiguous',
  'port-unknown',
  'protocol-unknown',
  'protocol-unsupported',
  'secret-forbidden',
  'secret-invalid',
  'secret-missing',
  'secret-unsealed',
  'selector-duplicate',
  'selector-matches-nothing',
  'target-port-unknown',
  'tls-conflict',
  'tls-incomplete',
  'workload-not-running',
  'yaml-syntax',
] as const

export type ProblemCode = (typeof problemCodes)[number]

/** `error`: something asked for does not work. `warning`: it works, but likely not as meant. `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info'

/** Compilers write the codes of the catalogue; whoever reads problems may meet one of a newer agent. */
export interface Problem<Code extends string = ProblemCode> {
  readonly code: Code
  readonly severity: Severity
  /** The object that can be mended: a Kubernetes kind, or `Manifest` for a file. */
  readonly kind: string
  /** Empty for cluster-scoped kinds and files. */
  readonly namespace: string
  readonly name: string
  /** Path of the field inside the object, for example `metadata.annotations["postern.dev/port"]`. */
  readonly field: string
  readonly message: string
  /** What to do about it. */
  readonly hint: string
  /** The host (or wildcard) that the object has not, or not as meant, because of it: what explain finds it by. */
  readonly host?: string | undefined
  /** Where it stands, when the object came from a file: its name, and the line from 1. */
  readonly file?: string | undefined
  readonly line?: number | undefined
}

export const problemSchema: v.GenericSchema<unknown, Problem<string>> = v.object({
  code: v.string(),
  severity: v.picklist(['error', 'warning', 'info']),
  kind: v.string(),
  namespace: v.string(),
  name: v.string(),
  field: v.string(),
  message: v.string(),
  hint: v.string(),
  host: v.optional(v.string()),
  file: v.optional(v.string()),
  line: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
})

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info']

/** Errors first, then by object and field: one order wherever problems are listed. */
export function compareProblems(a: Problem<string>, b: Problem<string>): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.kind, b.kind) ||
    compareText(a.name, b.name) ||
    compareText(a.field, b.field) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  )
}

/** By code unit, so that order does not depend on a locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
