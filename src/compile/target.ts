import { normaliseHost } from '../model/host.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import type { ServiceRecord } from '../model/records.ts'
import { type Readings, serviceProblem, valueOr } from './annotations.ts'
import type { CompileOptions, Part } from './output.ts'
import { portField } from './port.ts'
import { annotations } from './schema.ts'

type Target = ServiceRecord['target']

/** Where a Service's requests go: its Pods, its NodePort, or the name that it stands for. */
export function targetOf(
  service: Service,
  port: ServicePort,
  readings: Readings,
  options: CompileOptions,
): Part<Target> {
  const { type, externalTrafficPolicy } = service.spec
  if (type === 'ExternalName') return externalTarget(service, port, options)
  const toNode = valueOr(readings.target, type === 'NodePort' ? 'node' : 'pod') === 'node'
  if (!toNode) return { ok: true, value: { type: 'pod' } }
  if (port.nodePort !== undefined) {
    const onlyLocal = externalTrafficPolicy === 'Local'
    return { ok: true, value: { type: 'node', nodePort: port.nodePort, onlyLocal } }
  }
  const problem = serviceProblem(service, {
    code: 'node-port-missing',
    severity: 'error',
    field: portField(service, port, 'nodePort'),
    message: `Requests are to go to nodes, but port ${port.port} has no nodePort`,
    hint: `Give the Service type NodePort, or set ${annotations.target.name}: "pod".`,
  })
  return { ok: false, problem }
}

/** A name outside is reached by whoever may write a Service: only where the operator says so. */
function externalTarget(service: Service, port: ServicePort, options: CompileOptions): Part<Target> {
  const { externalName = '' } = service.spec
  if (!options.allowExternalNames) {
    const problem = serviceProblem(service, {
      code: 'external-name-refused',
      severity: 'error',
      field: 'spec.type',
      message: 'A Service of type ExternalName is not exposed unless the operator allows it',
      hint: 'Ask for --allow-external-names on the agent, or expose a Service with endpoints in the cluster.',
    })
    return { ok: false, problem }
  }
  const name = normaliseHost(externalName)
  if (name !== undefined) {
    const number = typeof port.targetPort === 'number' ? port.targetPort : port.port
    return { ok: true, value: { type: 'external', name, port: number } }
  }
  const problem = serviceProblem(service, {
    code: 'field-invalid',
    severity: 'error',
    field: 'spec.externalName',
    message: `Cannot read externalName: "${externalName.slice(0, 100)}" is not a hostname`,
    hint: 'Write the name of a host; for an address make a Service without selector, with an EndpointSlice.',
  })
  return { ok: false, problem }
}
