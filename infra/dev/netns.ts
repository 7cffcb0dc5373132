import { aptInstall, succeeds } from './apt.ts'

const SET_UP = 'ip link set lo up && ip route add local 10.244.0.0/16 dev lo'

/**
 * Wraps a command so that it runs in a network namespace of its own, in which every 10.244.x.y is a local address:
 * tests can then stand up Pods on the addresses of their manifests. Where that cannot be had, the command as it is.
 */
export function inNamespace(command: readonly string[]): { command: readonly string[]; isIsolated: boolean } {
  if (process.platform !== 'linux') return { command, isIsolated: false }
  if (!succeeds(['ip', '-V'])) aptInstall('iproute2')
  for (const flags of [['-n'], ['-rn']]) {
    if (!succeeds(['unshare', ...flags, 'sh', '-c', SET_UP])) continue
    return {
      command: ['unshare', ...flags, 'sh', '-c', `${SET_UP} && exec "$@"`, 'sh', ...command],
      isIsolated: true,
    }
  }
  return { command, isIsolated: false }
}
