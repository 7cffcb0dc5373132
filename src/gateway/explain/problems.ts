import type { Problem } from '../../model/problem.ts'
import type { ServiceRecord } from '../../model/records.ts'
import type { Table } from '../table.ts'

/** More lines of one kind say nothing new. */
export const SHOWN = 20

/** What is wrong about a host, by itself or below a wildcard: who has it not, and why. */
export function hostProblems(host: string, problems: readonly Problem<string>[]): string[] {
  return problems
    .filter((problem) => problem.host !== undefined && spans(problem.host, host))
    .slice(0, SHOWN)
    .map(problemLine)
}

/** What was refused of the EndpointSlices of a Service. */
export function refusedEndpoints({ namespace, name }: ServiceRecord, table: Table): string[] {
  const slices = new Set(table.sliceNamesOf({ namespace, name }))
  return table
    .problems()
    .filter(({ code, kind }) => code === 'endpoint-refused' && kind === 'EndpointSlice')
    .filter((problem) => problem.namespace === namespace && slices.has(problem.name))
    .slice(0, SHOWN)
    .map(problemLine)
}

/** The object and field that can be mended, and what is wrong there. */
export function problemLine({
  severity,
  code,
  kind,
  namespace,
  name,
  field,
  message,
}: Problem<string>): string {
  return `${severity} ${code}, ${kind} ${namespace}/${name}, ${field}: ${message}`
}

function spans(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
}
