import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgentProcess, startAgent } from '../support/postern-process.ts'
import type { Cluster } from './cluster.ts'

const KUSTOMIZE = new URL('../../infra/kustomize/', import.meta.url)

export function manifest(name: string): string {
  return readFileSync(new URL(name, KUSTOMIZE), 'utf8')
}

/** An agent that may do exactly what its manifests allow. */
export interface ClusterAgent {
  readonly kubeconfig: string
  readonly process: AgentProcess
  stop(): Promise<void>
}

/** Applies the agent's Role, and writes a kubeconfig with the token of its ServiceAccount. */
export async function agentKubeconfig(cluster: Cluster): Promise<{ file: string; remove(): void }> {
  await cluster.objects.apply(manifest('namespace.yaml'))
  await cluster.objects.apply(manifest('agent-rbac.yaml'))
  const folder = mkdtempSync(join(tmpdir(), 'postern-agent-'))
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, JSON.stringify(await cluster.kubeconfigOf('postern', 'postern-agent')))
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export function runAgent(
  kubeconfig: string,
  redis: string,
  args: readonly string[] = [],
): Promise<AgentProcess> {
  return startAgent(['--kubeconfig', kubeconfig, '--redis', redis, '--domain', 'apps.test', ...args])
}
