import type { Table } from '../gateway/table.ts'
import { type KubeObject, objectKey } from '../model/objects/object.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import { serviceKey } from '../model/records.ts'
import { isForPods, rulesOf } from './names.ts'

export interface ServiceName {
  readonly namespace: string
  readonly name: string
}

export type ServiceEnv =
  | {
      readonly ok: true
      /** `NAME=value`, in the order in which a kubelet has them. */
      readonly lines: readonly string[]
      /** What a Pod would have, and a process outside cannot. */
      readonly notes: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

interface Exposed {
  readonly host: string
  readonly port: ServicePort
  readonly path: string
}

/**
 * The variables that a kubelet gives Pods for a Service (kubernetes/kubernetes, pkg/kubelet/envvars), with what a
 * process outside can reach in place of the cluster IP: the Service's hostname, and the gateway's port.
 */
export function serviceEnv(
  { namespace, name }: ServiceName,
  objects: ReadonlyMap<string, KubeObject>,
  table: Table,
  gatewayPort: number,
): ServiceEnv {
  const service = objects.get(objectKey('Service', namespace, name))
  if (service?.kind !== 'Service') return { ok: false, reason: 'there is no such Service' }
  if (service.spec.type === 'ExternalName' || service.spec.clusterIP === 'None') {
    const reason =
      'it has no cluster IP, so Pods get no variables for it either; postern names tells its hostnames'
    return { ok: false, reason }
  }
  const exposed = exposedAt(service, table)
  if (exposed === undefined) {
    const reason =
      'no hostname of its own is exposed (a wildcard does not count); postern check tells what is wrong'
    return { ok: false, reason }
  }
  return { ok: true, lines: linesOf(service, exposed, gatewayPort), notes: notesOf(service, exposed) }
}

/** A host that is a name, best one whose every path leads here. */
function exposedAt(service: Service, table: Table): Exposed | undefined {
  const { namespace, name } = service.meta
  const places = rulesOf(service, table).flatMap(({ host, rule: { path, action } }) => {
    if (host.startsWith('*.') || action.type !== 'forward' || isForPods({ action })) return []
    const port = service.spec.ports.find((each) => serviceKey(namespace, name, each.port) === action.service)
    return port === undefined ? [] : [{ host, port, path: path.value }]
  })
  return places.find(({ path }) => path === '/') ?? places[0]
}

function linesOf({ meta, spec }: Service, { host, port }: Exposed, gatewayPort: number): string[] {
  const prefix = variable(meta.name)
  const link = `${prefix}_PORT_${port.port}_TCP`
  const isFirst = spec.ports[0] === port
  return [
    `${prefix}_SERVICE_HOST=${host}`,
    ...(isFirst ? [`${prefix}_SERVICE_PORT=${gatewayPort}`] : []),
    ...(isNameable(port) ? [`${prefix}_SERVICE_PORT_${variable(port.name)}=${gatewayPort}`] : []),
    ...(isFirst ? [`${prefix}_PORT=tcp://${host}:${gatewayPort}`] : []),
    `${link}=tcp://${host}:${gatewayPort}`,
    `${link}_PROTO=tcp`,
    `${link}_PORT=${gatewayPort}`,
    `${link}_ADDR=${host}`,
  ]
}

function notesOf({ spec }: Service, { host, port, path }: Exposed): string[] {
  const others = spec.ports.filter((each) => each !== port)
  return [
    ...(path === '/' ? [] : [`only ${path} of ${host} leads to this Service`]),
    ...others.map((other) => `port ${other.port} is not exposed, so its variables are left out`),
  ]
}

function variable(name: string): string {
  return name.toUpperCase().replace(/[-.]/g, '_')
}

/** A shell reads these lines: a name that the API server would refuse does not get there. */
function isNameable({ name }: ServicePort): boolean {
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)
}
