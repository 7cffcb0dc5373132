import { type ContainerPort, type Pod, podPorts } from '../model/objects/pod.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import { compareText, type Problem } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'
import { portField } from './port.ts'

const SHOWN = 5

/** The container port that a port of a Service leads to in a Pod; undefined when the Pod has none of that name. */
export function containerPortOf({ port, targetPort, protocol }: ServicePort, pod: Pod): number | undefined {
  const target = targetPort ?? port
  if (typeof target === 'number') return target
  return podPorts(pod).find((each) => each.name === target && each.protocol === protocol)?.containerPort
}

/** The exposed port leads to one that no Pod has. While a rollout changes the port, one Pod that has it is enough. */
export function diagnoseTargetPort(service: Service, port: ServicePort, pods: readonly Pod[]): Problem[] {
  const target = port.targetPort ?? port.port
  if (pods.length === 0 || pods.some((pod) => mayHave(pod, port))) return []
  const known = new Map(pods.flatMap(podPorts).map((each) => [nameOf(each), each]))
  const names = [...known.keys()].sort(compareText)
  const others = names.length > SHOWN ? ' and others' : ''
  return [
    serviceProblem(service, {
      code: 'target-port-unknown',
      severity: typeof target === 'string' ? 'error' : 'warning',
      field: portField(service, port, port.targetPort === undefined ? 'port' : 'targetPort'),
      message: `Port ${port.port} leads to container port ${JSON.stringify(target)}, which no container of its Pods declares`,
      hint:
        names.length === 0
          ? 'The containers declare no ports: name the port there, or give its number here.'
          : `The containers declare ${names.slice(0, SHOWN).join(', ')}${others}.`,
    }),
  ]
}

/** A number need not be declared; where every container declares some, one that is not among them is suspect. */
function mayHave(pod: Pod, port: ServicePort): boolean {
  const target = port.targetPort ?? port.port
  if (typeof target === 'string') return containerPortOf(port, pod) !== undefined
  const { containers, initContainers } = pod.spec
  const isSilent = [...containers, ...initContainers].some(({ ports }) => ports.length === 0)
  return (
    isSilent ||
    containers.length === 0 ||
    podPorts(pod).some(({ containerPort, protocol }) => containerPort === target && protocol === 'TCP')
  )
}

function nameOf({ name, containerPort, protocol }: ContainerPort): string {
  const number = protocol === 'TCP' ? `${containerPort}` : `${containerPort}/${protocol}`
  return name === '' ? number : `${name} (${number})`
}
