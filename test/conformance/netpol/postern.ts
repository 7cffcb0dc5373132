import { plan } from '../../../src/gateway/plan.ts'
import type { Plan, RoadOptions } from '../../../src/gateway/road.ts'
import type { Table } from '../../../src/gateway/table.ts'
import { identifyPeer } from '../../../src/identity/identify.ts'
import { tableOf } from '../../support/gateway.ts'
import { type Ask, NAMESPACE, OWN_LABEL, PORTS, type Scene } from './scenes.ts'

const road: RoadOptions = { trustedProxies: [], networkPolicy: 'enforce' }
const state = { externalEndpoints: () => undefined, staleness: () => undefined }

/** Who is let in where, by the whole road: compiled, read into a table, and planned. By Pod, in the order of the asks. */
export function decide({ policies, pods, asks }: Scene): boolean[][] {
  const podObjects = pods.map((pod) => ({
    ...pod,
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...pod.metadata, uid: pod.metadata.name },
  }))
  const objects = [...policies, ...podObjects, ...PORTS.map(serviceOf)]
  const table = tableOf(objects.map((object) => JSON.stringify(object)).join('\n---\n'))
  const admitted = asks.map((ask) => admittedBy(ask, table))
  return pods.map(({ status }) => admitted.map((addresses) => addresses.has(status.podIP)))
}

/** One for each port, with every Pod behind it. */
function serviceOf(port: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: nameOf(port), namespace: NAMESPACE, annotations: { 'postern.dev/expose': 'true' } },
    spec: { selector: OWN_LABEL, ports: [{ port: 80, targetPort: port }] },
  }
}

function admittedBy({ client, port }: Ask, table: Table): ReadonlySet<string> {
  const hosts = [`${nameOf(port)}.${NAMESPACE}.example.test`]
  const head = { method: 'GET', target: '/', hosts, field: () => undefined }
  const decided: Plan = plan(head, identifyPeer(client, []), table, road, state)
  if (decided.type === 'forward') return new Set(decided.candidates.map(({ address }) => address))
  if (decided.type === 'reply' && decided.error === 'client-refused') return new Set()
  throw new Error(`Cannot decide on ${client} for port ${port}: ${JSON.stringify(decided)}`)
}

function nameOf(port: number): string {
  return `port-${port}`
}
