import { annotationField, readAnnotations, serviceProblem, valueOr } from '../../compile/annotations.ts'
import type { ServiceExposure } from '../../compile/output.ts'
import { annotations } from '../../compile/schema.ts'
import type { Service } from '../../model/objects/service.ts'
import type { Problem } from '../../model/problem.ts'
import type { Wish } from './keeper.ts'

export interface Asked {
  /** Undefined: nothing is to be ordered. */
  readonly wish: Wish | undefined
  readonly problems: readonly Problem[]
}

const NOTHING: Asked = { wish: undefined, problems: [] }

/** What a Service asks for by its annotations, of the hosts that are its own. */
export function wishOf({ service, hosts }: ServiceExposure): Asked {
  // Most Services say nothing of it.
  if (service?.meta.annotations[annotations.acme.name] === undefined) return NOTHING
  const { readings } = readAnnotations(service)
  if (!valueOr(readings.acme, false)) return NOTHING
  const [name, second] = valueOr(readings.tlsSecret, [])
  if (name === undefined || second !== undefined) {
    const message = `${annotations.acme.name} needs exactly one Secret in ${annotations.tlsSecret.name}`
    return { wish: undefined, problems: [impossible(service, message)] }
  }
  const problems = hosts
    .filter(isWildcard)
    .map((host) =>
      impossible(
        service,
        `No certificate can be ordered for ${host}: a wildcard cannot be proven over HTTP`,
        host,
      ),
    )
  const own = hosts.filter((host) => !isWildcard(host))
  if (own.length === 0) {
    const nothing = impossible(
      service,
      'No certificate can be ordered: the Service has no hostname of its own',
    )
    return { wish: undefined, problems: problems.length > 0 ? problems : [nothing] }
  }
  return { wish: { secret: { namespace: service.meta.namespace, name }, hosts: own }, problems }
}

/** What a Service is told that asks an agent without a directory. */
export function nobodyOrders(exposure: ServiceExposure): readonly Problem[] {
  const { service } = exposure
  const { wish, problems } = wishOf(exposure)
  if (service === undefined || wish === undefined) return problems
  const message = 'No certificate is ordered: the agent has been given no directory (--acme-directory)'
  return [...problems, impossible(service, message)]
}

/** What kept a certificate from being had, in the authority's words. */
export function failure(service: Service, error: Error): Problem {
  return serviceProblem(service, {
    code: 'acme-failed',
    severity: 'error',
    field: annotationField(annotations.acme.name),
    message: error.message,
    hint: 'The agent tries again by itself, less and less often. docs/acme.md tells what a hostname needs.',
  })
}

function impossible(service: Service, message: string, host?: string): Problem {
  return serviceProblem(service, {
    code: 'acme-impossible',
    severity: 'error',
    field: annotationField(annotations.acme.name),
    message,
    hint: "Name one Secret, and hostnames that are the Service's own and no wildcards (docs/acme.md).",
    ...(host !== undefined && { host }),
  })
}

function isWildcard(host: string): boolean {
  return host.startsWith('*.')
}
