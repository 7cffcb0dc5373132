import type { KubeObject } from '../model/objects/object.ts'
import type { Problem } from '../model/problem.ts'
import { policyProblems } from './network-policy.ts'
import { importProblems } from './service-import.ts'

/** What is wrong with an object by itself, of those kinds of which no record is made; nothing when it is gone. */
export function ownProblems(object: KubeObject | undefined): readonly Problem[] {
  switch (object?.kind) {
    case 'NetworkPolicy':
      return policyProblems(object)
    case 'ServiceImport':
      return importProblems(object)
    default:
      return []
  }
}
