/** What the parts are started with: everything on loopback, everything in one folder. */
export interface PartSettings {
  readonly etcdPort: number
  readonly etcdPeerPort: number
  readonly apiPort: number
  readonly controllerPort: number
  readonly etcdData: string
  readonly certificateFolder: string
  readonly tokenFile: string
  readonly serviceAccountKey: string
  readonly kubeconfigFile: string
  readonly certificateFile: string
  readonly auditPolicyFile: string
  readonly auditLogFile: string
}

export const parts = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const

export type Part = (typeof parts)[number]

/** No Node lifecycle: it would taint Nodes whose kubelet is a stand-in. */
const controllers = [
  'clusterrole-aggregation-controller',
  'daemonset-controller',
  'deployment-controller',
  'endpointslice-controller',
  'endpointslice-mirroring-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'statefulset-controller',
]

export function argumentsOf(part: Part, settings: PartSettings): readonly string[] {
  switch (part) {
    case 'etcd':
      return etcdArguments(settings)
    case 'kube-apiserver':
      return apiServerArguments(settings)
    case 'kube-controller-manager':
      return controllerManagerArguments(settings)
  }
}

function etcdArguments({ etcdPort, etcdPeerPort, etcdData }: PartSettings): readonly string[] {
  const client = `http://127.0.0.1:${etcdPort}`
  const peer = `http://127.0.0.1:${etcdPeerPort}`
  return [
    '--name=test',
    `--data-dir=${etcdData}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
  ]
}

function apiServerArguments(settings: PartSettings): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${settings.etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${settings.apiPort}`,
    // Where Pods would find it; a loopback address is refused in the endpoints of the kubernetes Service.
    '--advertise-address=172.30.0.1',
    `--cert-dir=${settings.certificateFolder}`,
    `--token-auth-file=${settings.tokenFile}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${settings.serviceAccountKey}`,
    `--service-account-signing-key-file=${settings.serviceAccountKey}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    // Nobody would take the not-ready taint off again.
    '--disable-admission-plugins=TaintNodesByCondition',
    '--allow-privileged=true',
    '--profiling=false',
    `--audit-policy-file=${settings.auditPolicyFile}`,
    `--audit-log-path=${settings.auditLogFile}`,
  ]
}

function controllerManagerArguments(settings: PartSettings): readonly string[] {
  return [
    `--kubeconfig=${settings.kubeconfigFile}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${settings.controllerPort}`,
    '--leader-elect=false',
    `--controllers=${controllers.join(',')}`,
    `--service-account-private-key-file=${settings.serviceAccountKey}`,
    `--root-ca-file=${settings.certificateFile}`,
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
    '--profiling=false',
  ]
}
