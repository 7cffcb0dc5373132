import type { InspectConfig } from '../../src/cli/config.ts'
import { inspect } from '../../src/cli/inspect.ts'
import { formatProblems, formatRoutes, problemsJson, routesJson } from '../../src/cli/report.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'
import { readStdin } from './stdin.ts'

/** `postern check` and `postern routes`. @returns the exit code: check fails on problems of severity error. */
export async function runInspect(config: InspectConfig): Promise<number> {
  const collection = await new ManifestSource(config.manifests, readStdin).read()
  const inspection = inspect(collection, { ...config, allowLoopback: true })
  if (config.command === 'routes') {
    console.log(config.json ? routesJson(inspection.routes) : formatRoutes(inspection.routes))
    return collection.problems.some((problem) => problem.code === 'file-unreadable') ? 1 : 0
  }
  console.log(config.json ? problemsJson(inspection) : formatProblems(inspection))
  return inspection.problems.some((problem) => problem.severity === 'error') ? 1 : 0
}
