import type { EnvConfig, NamesConfig } from '../../src/cli/config.ts'
import { inspect } from '../../src/cli/inspect.ts'
import { loopbackOf } from '../../src/cli/loopback.ts'
import { namesOf } from '../../src/cli/names.ts'
import { formatNames, namesJson } from '../../src/cli/report.ts'
import { serviceEnv } from '../../src/cli/service-env.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { nodeCertificates } from '../../src/compile/secrets/certificate-reader.node.ts'
import type { Collection } from '../../src/source/collect.ts'
import { readCluster, readFiles } from './read-source.ts'

/** `postern names`. @returns the exit code. */
export async function runNames(config: NamesConfig): Promise<number> {
  const options = { ...config, loopbackCidrs: loopbackOf(config), certificates: nodeCertificates }
  const collection = await read(config, options)
  const { table } = inspect(collection, options)
  const names = namesOf(collection.objects.values(), table, config.clusterDomain)
  console.log(config.json ? namesJson(names) : formatNames(names))
  return isUnreadable(collection) ? 1 : 0
}

/** `postern env`. Only lines for a shell go to standard output. @returns the exit code. */
export async function runEnv(config: EnvConfig): Promise<number> {
  const options = { ...config, loopbackCidrs: loopbackOf(config), certificates: nodeCertificates }
  const collection = await read(config, options)
  const { table } = inspect(collection, options)
  const { namespace, name } = config.service
  const env = serviceEnv(config.service, collection.objects, table, config.listen.port)
  if (!env.ok) {
    console.error(`postern: Cannot tell the variables of Service ${namespace}/${name}: ${env.reason}`)
    return 1
  }
  for (const note of env.notes) console.error(`postern: Service ${namespace}/${name}: ${note}`)
  for (const line of env.lines) console.log(line)
  return isUnreadable(collection) ? 1 : 0
}

/** What cannot be read is said on standard error: the rest is named all the same. */
async function read(
  { kubeconfig, manifests }: Pick<NamesConfig, 'kubeconfig' | 'manifests'>,
  options: CompileOptions,
): Promise<Collection> {
  const collection =
    kubeconfig === undefined ? await readFiles(manifests) : await readCluster(kubeconfig, options)
  for (const { severity, message } of collection.problems) {
    if (severity === 'error') console.error(`postern: ${message}`)
  }
  return collection
}

function isUnreadable({ problems }: Collection): boolean {
  return problems.some(({ code }) => code === 'file-unreadable')
}
