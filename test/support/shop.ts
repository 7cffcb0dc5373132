import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

export interface PodFacts {
  readonly name: string
  readonly address: string
  /** Deleted, and still serving what it has. */
  readonly isTerminating?: boolean
  readonly isReady?: boolean
}

/** A Service with its Pods, as a user's file holds them. */
export function application(
  name: string,
  pods: readonly PodFacts[],
  annotations: Readonly<Record<string, string>> = {},
  createdAt = '2026-01-01T00:00:00Z',
): string {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'shop',
      creationTimestamp: createdAt,
      annotations: { 'postern.dev/expose': 'true', ...annotations },
    },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  }
  const objects = pods.map(({ name: pod, address, isTerminating = false, isReady = !isTerminating }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod,
      namespace: 'shop',
      labels: { app: name },
      ...(isTerminating ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }] },
    status: { podIP: address, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  }))
  return [service, ...objects].map((object) => stringify(object)).join('---\n')
}

/** A folder of manifests that a user edits. */
export class ManifestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'postern-manifests-'))

  /** As editors and `git` write: a new file takes the old one's place. */
  replace(name: string, text: string): void {
    const path = join(this.path, name)
    writeFileSync(`${path}.tmp`, text)
    renameSync(`${path}.tmp`, path)
  }

  /** As a shell's `>` writes. */
  overwrite(name: string, text: string): void {
    writeFileSync(join(this.path, name), text)
  }

  delete(name: string): void {
    rmSync(join(this.path, name))
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
