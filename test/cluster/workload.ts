export interface WorkloadYaml {
  readonly name?: string
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readonly replicas?: number
  readonly port?: number
  /** How long a deleted Pod serves on. */
  readonly preStopSeconds?: number
  /** After which a deleted Pod is cut off. */
  readonly graceSeconds?: number
  readonly serviceAnnotations?: Readonly<Record<string, string>>
  readonly podLabels?: Readonly<Record<string, string>>
  readonly isHeadless?: boolean
  /** Over what the Service's spec would be: its type, and what belongs to it. */
  readonly serviceSpec?: object
}

/** A workload and the Service in front of it, whose Pods the stand-in kubelet serves. */
export function workloadYaml({
  name = 'web',
  kind = 'Deployment',
  replicas = 1,
  port = 8080,
  preStopSeconds,
  graceSeconds = 30,
  serviceAnnotations = {},
  podLabels = {},
  isHeadless = false,
  serviceSpec = {},
}: WorkloadYaml = {}): string {
  const lifecycle =
    preStopSeconds === undefined ? {} : { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }
  const workload = {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas }),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...podLabels } },
        spec: {
          terminationGracePeriodSeconds: graceSeconds,
          containers: [
            { name: 'app', image: 'example.test/app', ports: [{ containerPort: port }], ...lifecycle },
          ],
        },
      },
    },
  }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, annotations: serviceAnnotations },
    spec: {
      ...(isHeadless ? { clusterIP: 'None' } : {}),
      selector: { app: name },
      ports: [{ port: 80, targetPort: port }],
      ...serviceSpec,
    },
  }
  return [service, workload].map((document) => JSON.stringify(document)).join('\n---\n')
}
