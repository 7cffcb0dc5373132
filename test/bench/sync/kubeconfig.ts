/** A kubeconfig for a plain HTTP server that asks for no credentials, as JSON, which is YAML too. */
export function feedKubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'feed', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'feed', user: {} }],
    contexts: [{ name: 'feed', context: { cluster: 'feed', user: 'feed' } }],
    'current-context': 'feed',
  })
}
