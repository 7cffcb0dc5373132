import type { ProblemCode } from '../problem.ts'
import { annotationProblems } from './annotation.ts'
import { endpointProblems } from './endpoint.ts'
import type { CatalogueEntry } from './entry.ts'
import { hostProblems } from './host.ts'
import { manifestProblems } from './manifest.ts'
import { policyProblems } from './policy.ts'
import { secretProblems } from './secret.ts'
import { serviceProblems } from './service.ts'

/** Every code: the one source of docs/problems, and of the rules in SARIF. */
export const catalogue: Readonly<Record<ProblemCode, CatalogueEntry>> = {
  ...annotationProblems,
  ...endpointProblems,
  ...hostProblems,
  ...manifestProblems,
  ...policyProblems,
  ...secretProblems,
  ...serviceProblems,
}
