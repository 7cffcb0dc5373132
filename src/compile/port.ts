import type { Service, ServicePort } from '../model/objects/service.ts'
import type { ProblemCode } from '../model/problem.ts'
import { annotationField, serviceProblem } from './annotations.ts'
import type { Part } from './output.ts'
import { annotations } from './schema.ts'

/**
 * Which of a Service's ports receives the requests: the one asked for, by name or number, else the obvious one.
 *
 * @param externalPort that of a name outside the cluster whose Service has none
 */
export function choosePort(
  service: Service,
  asked: string | number | undefined,
  externalPort: number,
): Part<ServicePort> {
  const ports = service.spec.ports.filter((port) => port.protocol === 'TCP')
  // Names need no ports inside the cluster, so an ExternalName seldom has any.
  if (service.spec.type === 'ExternalName' && service.spec.ports.length === 0 && asked === undefined) {
    return { ok: true, value: { ...EXTERNAL_PORT, port: externalPort } }
  }
  const port =
    asked === undefined ? obviousPort(ports) : ports.find((p) => p.port === asked || p.name === asked)
  if (port !== undefined) return { ok: true, value: port }
  const known = ports.map((p) => (p.name === '' ? `${p.port}` : `${p.name} (${p.port})`)).join(', ')
  if (ports.length === 0) {
    return fail(
      service,
      'port-unknown',
      'spec.ports',
      'The Service has no TCP port',
      'Only TCP ports can be exposed.',
    )
  }
  const field = annotationField(annotations.port.name)
  return asked === undefined
    ? fail(
        service,
        'port-ambiguous',
        field,
        'Several ports, and none is named http or is 80',
        `Name one of ${known}.`,
      )
    : fail(
        service,
        'port-unknown',
        field,
        `The Service has no TCP port "${asked}"`,
        `Its TCP ports are ${known}.`,
      )
}

/** The path of a port's field, as problems name it. UDP and TCP may share a number: then by the name of the port. */
export function portField({ spec }: Service, { port, name }: ServicePort, field: string): string {
  const isAlone = spec.ports.filter((each) => each.port === port).length <= 1
  return `spec.ports[${isAlone ? `port=${port}` : `name=${name}`}].${field}`
}

const EXTERNAL_PORT: Omit<ServicePort, 'port'> = {
  name: '',
  protocol: 'TCP',
  targetPort: undefined,
  nodePort: undefined,
  appProtocol: undefined,
}

function obviousPort(ports: readonly ServicePort[]): ServicePort | undefined {
  if (ports.length === 1) return ports[0]
  return ports.find((port) => port.name === 'http') ?? ports.find((port) => port.port === 80)
}

function fail(
  service: Service,
  code: ProblemCode,
  field: string,
  message: string,
  hint: string,
): Part<ServicePort> {
  return { ok: false, problem: serviceProblem(service, { code, severity: 'error', field, message, hint }) }
}
