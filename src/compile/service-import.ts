import { PREFIX } from '../model/objects/meta.ts'
import type { ServiceImport } from '../model/objects/service-import.ts'
import { compareText, type Problem } from '../model/problem.ts'
import { annotationField } from './annotations.ts'

/**
 * An import exposes nothing: its Pods are other clusters', where they can be judged. Gateways that serve several clusters
 * reach them by what these clusters' own agents publish under the same namespace and name.
 */
export function importProblems({ meta }: ServiceImport): Problem[] {
  const [name] = Object.keys(meta.annotations)
    .filter((each) => each.startsWith(PREFIX))
    .sort(compareText)
  if (name === undefined) return []
  return [
    {
      code: 'annotation-unused',
      severity: 'warning',
      kind: 'ServiceImport',
      namespace: meta.namespace,
      name: meta.name,
      field: annotationField(name),
      message: `${name} has no effect: a ServiceImport is not exposed, the Services behind it are`,
      hint: 'Annotate the Service in each cluster that exports it, and list these clusters in --clusters of the gateways.',
    },
  ]
}
