import type { Service, ServicePort } from '../model/objects/service.ts'
import { compareText, type Problem } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'
import type { SliceSummary } from './endpoint-slice.ts'
import { portField } from './port.ts'

/** Whether gateways find a Service's endpoints in a slice: it has the port's name, and a family of the Service. */
export function fits(slice: SliceSummary, service: Service, port: ServicePort): boolean {
  return hasFamily(slice, service) && slice.ports.some(({ name }) => name === port.name)
}

/** There are endpoints, in slices that are not asked. What is wrong with those of a family that fits is nearer. */
export function unfit(service: Service, port: ServicePort, slices: readonly SliceSummary[]): Problem {
  const ofFamily = slices.filter((slice) => hasFamily(slice, service))
  return ofFamily.length > 0 ? wrongPort(service, port, ofFamily) : wrongFamily(service, slices)
}

function wrongPort(service: Service, port: ServicePort, slices: readonly SliceSummary[]): Problem {
  const names = slices.flatMap(({ ports }) => ports.map(({ name }) => called(name)))
  const wanted = called(port.name)
  return serviceProblem(service, {
    code: 'endpoints-unfit',
    severity: 'error',
    field: portField(service, port, port.name === '' ? 'port' : 'name'),
    message: `Requests go to ${wanted}, and its EndpointSlices have ${listed(names) || 'no TCP port'}`,
    hint: 'Call the port in the EndpointSlice as in the Service: they are matched by name, never by number. Until then its hostnames answer 503.',
  })
}

function wrongFamily(service: Service, slices: readonly SliceSummary[]): Problem {
  return serviceProblem(service, {
    code: 'endpoints-unfit',
    severity: 'error',
    field: 'spec.ipFamilies',
    message: `The Service is of ${service.spec.ipFamilies.join(' and ')}, and its EndpointSlices are of ${listed(slices.map(({ family }) => family))}`,
    hint: 'Write an EndpointSlice of the family of the Service, or change its ipFamilies. Until then its hostnames answer 503.',
  })
}

function hasFamily({ family }: SliceSummary, { spec }: Service): boolean {
  return spec.ipFamilies.length === 0 || spec.ipFamilies.includes(family)
}

function called(name: string): string {
  return name === '' ? 'a port without a name' : `port "${name}"`
}

const SHOWN = 5

function listed(texts: readonly string[]): string {
  const some = [...new Set(texts)].sort(compareText)
  return `${some.slice(0, SHOWN).join(', ')}${some.length > SHOWN ? ' and others' : ''}`
}
