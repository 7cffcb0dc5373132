import { spawnSync } from 'node:child_process'

const SET_UP = 'ip link set lo up && ip route add local 10.244.0.0/16 dev lo'

/**
 * Wraps a command so that it runs in a network namespace of its own, in which every 10.244.x.y is a local address:
 * tests can then stand up Pods on the addresses of their manifests. Where that cannot be had, the command as it is.
 */
export function inNamespace(command: readonly string[]): { command: readonly string[]; isIsolated: boolean } {
  if (process.platform !== 'linux') return { command, isIsolated: false }
  if (!succeeds(['ip', '-V'])) installIproute()
  for (const flags of [['-n'], ['-rn']]) {
    if (!succeeds(['unshare', ...flags, 'sh', '-c', SET_UP])) continue
    return {
      command: ['unshare', ...flags, 'sh', '-c', `${SET_UP} && exec "$@"`, 'sh', ...command],
      isIsolated: true,
    }
  }
  return { command, isIsolated: false }
}

function installIproute(): void {
  if (process.getuid?.() !== 0 || !succeeds(['apt-get', '--version'])) return
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'iproute2']
  if (!succeeds(install) && succeeds(['apt-get', 'update', '-qq'])) succeeds(install)
}

function succeeds([file = '', ...args]: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(file, args, { stdio: 'ignore', timeout: 90_000, env }).status === 0
}
