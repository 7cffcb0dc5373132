import { spawnSync } from 'node:child_process'

/** Installs a Debian package, where we may. What comes of it is for the caller to see. */
export function aptInstall(name: string): void {
  if (process.getuid?.() !== 0 || !succeeds(['apt-get', '--version'])) return
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', name]
  if (!succeeds(install) && succeeds(['apt-get', 'update', '-qq'])) succeeds(install)
}

export function succeeds([file = '', ...args]: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(file, args, { stdio: 'ignore', timeout: 90_000, env }).status === 0
}
