import type { RolesConfig } from '../../src/cli/config.ts'
import { rolesOf } from '../../src/cli/roles.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import { readFiles, readServices } from './read-source.ts'

/** `postern roles`. Only YAML goes to standard output. @returns the exit code. */
export async function runRoles(config: RolesConfig): Promise<number> {
  const { kubeconfig, manifests, serviceAccount, onlyNamespace } = config
  const { objects, problems } =
    kubeconfig === undefined ? await readFiles(manifests) : await readServices(kubeconfig)
  for (const { severity, message } of problems) {
    if (severity === 'error') console.error(`postern: ${message}`)
  }
  const options = { ...config, loopbackCidrs: [], certificates: nodeCertificates }
  process.stdout.write(rolesOf(objects.values(), options, serviceAccount, onlyNamespace))
  return problems.some(({ code }) => code === 'file-unreadable') ? 1 : 0
}
