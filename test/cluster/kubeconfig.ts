/** As kubectl reads it; written as JSON, which is YAML too. */
export interface Kubeconfig {
  readonly apiVersion: 'v1'
  readonly kind: 'Config'
  readonly clusters: readonly {
    readonly name: string
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string }
  }[]
  readonly users: readonly { readonly name: string; readonly user: { readonly token: string } }[]
  readonly contexts: readonly {
    readonly name: string
    readonly context: { readonly cluster: string; readonly user: string; readonly namespace?: string }
  }[]
  readonly 'current-context': string
}

/** `ca` is PEM. */
export function kubeconfigOf(server: string, ca: string, token: string, namespace?: string): Kubeconfig {
  const context = { cluster: 'test', user: 'test', ...(namespace !== undefined && { namespace }) }
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context }],
    'current-context': 'test',
  }
}
