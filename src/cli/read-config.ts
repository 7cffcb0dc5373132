import type { ClusterShare } from '../gateway/cluster-member.ts'
import { readClusters } from './cluster-shares.ts'
import type { CommandName } from './commands.ts'
import type {
  AgentConfig,
  Config,
  EnvConfig,
  ExplainConfig,
  GatewayConfig,
  InspectConfig,
  KeysConfig,
  NamesConfig,
  RelayConfig,
  RolesConfig,
  UpConfig,
} from './config.ts'
import { readExplainSource } from './explain-source.ts'
import { flags } from './flags.ts'
import {
  expectOneSource,
  type Input,
  needSource,
  readFormat,
  readManifests,
  readServiceName,
} from './inputs.ts'
import { readKeysTask } from './keys/keys-config.ts'
import { readQuestionOptions } from './question.ts'
import { readFlags } from './read-flags.ts'
import { requireToken, takeRedis, takeSource } from './registry-source.ts'
import { checkTls } from './tls-flags.ts'
import { readSigning, readTrust } from './trust-source.ts'

/** What a command runs with. @returns undefined when a fault leaves a part of it out */
export function readConfig(name: CommandName, input: Input): Config | undefined {
  switch (name) {
    case 'up':
      return readUp(input)
    case 'agent':
      return readAgent(input)
    case 'gateway':
      return readGateway(input)
    case 'relay':
      return readRelay(input)
    case 'check':
    case 'routes':
      return readInspect(name, input)
    case 'names':
      return readNames(input)
    case 'roles':
      return readRoles(input)
    case 'env':
      return readEnv(input)
    case 'keys':
      return readKeys(input)
    case 'explain':
      return readExplain(input)
  }
}

function readUp(input: Input): UpConfig {
  const manifests = readManifests(input)
  const values = readFlags('up', input)
  expectOneSource(manifests, values.kubeconfig, input.faults)
  checkTls(values, input.faults)
  return { command: 'up', manifests, ...values }
}

function readAgent(input: Input): AgentConfig | undefined {
  const { faults } = input
  const { signingKey, unsigned, ...values } = readFlags('agent', input)
  requireToken(values.serveRelay, flags.serveRelay.name, values.tokens, faults)
  if (values.acmeDirectory !== undefined && !values.acmeAgreeTerms) {
    faults.push(`${flags.acmeDirectory.name} needs ${flags.acmeAgreeTerms.name} true`)
  }
  const config = takeRedis(values, faults)
  const signing = readSigning({ signingKey, unsigned }, faults)
  return config && { command: 'agent', ...config, signing }
}

function readGateway(input: Input): GatewayConfig | undefined {
  const { faults } = input
  const { clusters, clusterCidrs, trustedKeys, unsigned, ...values } = readFlags('gateway', input)
  const config = takeSource(values, faults)
  checkTls(values, faults)
  const shares = readClusters({ ...values, clusters, clusterCidrs }, config?.registry, faults)
  const trust = readTrust({ trustedKeys, unsigned }, shares.map(nameOf), faults)
  return config && { command: 'gateway', ...config, clusters: shares, trust }
}

function readRelay(input: Input): RelayConfig | undefined {
  const values = readFlags('relay', input)
  requireToken(values.listen, flags.listen.name, values.tokens, input.faults)
  const config = takeSource(values, input.faults)
  return config && { command: 'relay', ...config }
}

function readInspect(name: InspectConfig['command'], input: Input): InspectConfig {
  const values = readFlags(name, input)
  const manifests = needSource(input, values.kubeconfig)
  return { command: name, manifests, format: readFormat(name, input), ...values }
}

function readNames(input: Input): NamesConfig {
  const values = readFlags('names', input)
  const manifests = needSource(input, values.kubeconfig)
  return { command: 'names', manifests, json: asksForJson(input), ...values }
}

function readRoles(input: Input): RolesConfig {
  const values = readFlags('roles', input)
  const manifests = needSource(input, values.kubeconfig)
  return { command: 'roles', manifests, ...values }
}

function readEnv(input: Input): EnvConfig | undefined {
  const service = readServiceName(input)
  const values = readFlags('env', input)
  const manifests = needSource(input, values.kubeconfig)
  return service && { command: 'env', service, manifests, ...values }
}

function readKeys(input: Input): KeysConfig | undefined {
  const task = readKeysTask(input.operand, readFlags('keys', input), input.faults)
  return task && { command: 'keys', task, json: asksForJson(input) }
}

function readExplain(input: Input): ExplainConfig | undefined {
  const { operand, given, faults } = input
  const question = readQuestionOptions(operand, given, faults)
  const manifests = readManifests(input)
  const { clusters, clusterCidrs, trustedKeys, unsigned, ...values } = readFlags('explain', input)
  const place = readExplainSource(manifests, values, faults)
  const registry = place?.type === 'registry' ? place.registry : undefined
  const shares = readClusters({ ...values, clusters, clusterCidrs }, registry, faults)
  const source =
    place?.type === 'registry'
      ? { ...place, trust: readTrust({ trustedKeys, unsigned }, shares.map(nameOf), faults) }
      : place
  const json = asksForJson(input)
  return question && source && { command: 'explain', question, source, json, ...values, clusters: shares }
}

function asksForJson({ given }: Input): boolean {
  return given.json === true
}

function nameOf({ name }: ClusterShare): string {
  return name
}
