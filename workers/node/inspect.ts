import type { InspectConfig } from '../../src/cli/config.ts'
import { type Inspection, inspect } from '../../src/cli/inspect.ts'
import { loopbackOf } from '../../src/cli/loopback.ts'
import { formatProblems, formatRoutes, problemsJson, routesJson } from '../../src/cli/report.ts'
import { problemsSarif } from '../../src/cli/sarif.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { readCluster, readFiles } from './read-source.ts'
import { VERSION } from './version.ts'

/** `postern check` and `postern routes`. @returns the exit code: check fails on problems of severity error. */
export async function runInspect(config: InspectConfig): Promise<number> {
  const { kubeconfig, manifests } = config
  const options = { ...config, loopbackCidrs: loopbackOf(config), certificates: nodeCertificates }
  const collection =
    kubeconfig === undefined ? await readFiles(manifests) : await readCluster(kubeconfig, options)
  const inspection = inspect(collection, options, undefined, systemClock.now())
  if (config.command === 'routes') {
    console.log(config.format === 'json' ? routesJson(inspection.routes) : formatRoutes(inspection.routes))
    return collection.problems.some((problem) => problem.code === 'file-unreadable') ? 1 : 0
  }
  console.log(print(inspection, config.format))
  return inspection.problems.some((problem) => problem.severity === 'error') ? 1 : 0
}

function print(inspection: Inspection, format: InspectConfig['format']): string {
  switch (format) {
    case 'text':
      return formatProblems(inspection)
    case 'json':
      return problemsJson(inspection)
    case 'sarif':
      return problemsSarif(inspection.problems, VERSION)
  }
}
