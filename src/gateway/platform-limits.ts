import type { EndpointFetch } from '../forward/endpoint-fetch.ts'
import { compareProblems, type Problem } from '../model/problem.ts'
import { tlsLimit } from './platform-tls.ts'
import type { Forward, RequestHead } from './road.ts'
import type { TableService } from './table-service.ts'

/** How many Services are remembered by what was asked of them and could not be done. */
const MAX_NOTED = 200

const GRPC = {
  message: 'The application was asked for gRPC, which needs HTTP/2 and trailers: the platform has neither',
  hint: 'Send gRPC through a Node.js gateway',
}
const BODY_OF_GET = {
  message: 'The application was sent a GET or HEAD with a body, which the platform cannot pass on',
  hint: 'Use POST, or a Node.js gateway',
}

type Limit = typeof GRPC

/** What the platform of a gateway cannot do, told as problems of the Services that would need it: never in silence. */
export class PlatformLimits {
  readonly #dialer: EndpointFetch
  readonly #countsTogether: boolean
  readonly #noted = new Map<string, Set<Limit>>()

  /** @param countsTogether whether isolates know what the others admit */
  constructor(dialer: EndpointFetch, countsTogether: boolean) {
    this.#dialer = dialer
    this.#countsTogether = countsTogether
  }

  /** Whether a request can be carried out. What cannot is noted as a problem of its Service. */
  allows({ service }: Forward, head: RequestHead, hasBody: boolean): boolean {
    if (!this.#dialer.canReach(service.record.target.type) || tlsLimit(service) !== undefined) return false
    const limit = limitOf(head, hasBody)
    if (limit === undefined) return true
    const noted = this.#noted.get(service.key)
    if (noted !== undefined) noted.add(limit)
    else if (this.#noted.size < MAX_NOTED) this.#noted.set(service.key, new Set([limit]))
    return false
  }

  /** What these Services cannot have here. */
  problems(services: Iterable<TableService>): Problem[] {
    const problems: Problem[] = []
    for (const service of services) {
      const { type } = service.record.target
      if (!this.#dialer.canReach(type)) problems.push(unreachable(service, type))
      // An ExternalName is asked for by its own name anyway.
      else if (!this.#dialer.keepsHost && type !== 'external') problems.push(hostRewritten(service))
      const tls = tlsLimit(service)
      if (tls !== undefined) problems.push({ ...problem(service, 'error', tls), field: tls.field })
      const shared = this.#countsTogether ? undefined : sharedRate(service)
      if (shared !== undefined) problems.push(shared)
      for (const limit of this.#noted.get(service.key) ?? []) problems.push(problem(service, 'error', limit))
    }
    return problems.sort(compareProblems)
  }
}

function limitOf({ method, field }: RequestHead, hasBody: boolean): Limit | undefined {
  if (hasBody && (method === 'GET' || method === 'HEAD')) return BODY_OF_GET
  return field('content-type')?.startsWith('application/grpc') ? GRPC : undefined
}

const WAYS = {
  pod: ['Pod addresses', 'Bind a VPC network to the Worker, or let the Service be reached by NodePort'],
  node: ['nodes', 'Give the Worker NODE_HOST, public names of the nodes'],
  external: [
    'names outside the cluster',
    'Deploy the Worker: it does not reach them where it reaches Pods directly',
  ],
} as const

function unreachable(service: TableService, type: keyof typeof WAYS): Problem {
  const [what, hint] = WAYS[type]
  return problem(service, 'error', { message: `This gateway has no way to ${what}`, hint })
}

/** Without counters of the platform an isolate knows of no other. */
function sharedRate(service: TableService): Problem | undefined {
  const rate = service.record.limits?.rate
  if (rate?.scope !== 'shared') return undefined
  const what = 'postern.dev/rate-limit is shared, and this gateway cannot count together with others'
  const told =
    rate.onError === 'closed'
      ? problem(service, 'error', { message: `${what}: every request is answered 503`, hint: RATE_HINT })
      : problem(service, 'warning', { message: `${what}: each isolate counts for itself`, hint: RATE_HINT })
  return { ...told, field: 'metadata.annotations["postern.dev/rate-limit"]' }
}

const RATE_HINT =
  'Bind a RATE_LIMITER to the Worker (docs/workers.md), use a limit that is local, or a Node.js gateway'

function hostRewritten(service: TableService): Problem {
  return problem(service, 'warning', {
    message: "The application sees its endpoint's address as Host: the platform's fetch cannot set another",
    hint: 'Read X-Forwarded-Host, or reach endpoints over sockets (docs/workers.md)',
  })
}

function problem(
  { record }: TableService,
  severity: Problem['severity'],
  { message, hint }: { readonly message: string; readonly hint: string },
): Problem {
  const { namespace, name } = record
  return {
    code: 'platform-unsupported',
    severity,
    kind: 'Service',
    namespace,
    name,
    field: 'spec',
    message,
    hint,
  }
}
