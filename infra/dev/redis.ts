import { aptInstall, succeeds } from './apt.ts'

/** A redis-server for the tests, from PATH or, where that is allowed, from Debian. */
export function installRedis(): void {
  if (succeeds(['redis-server', '--version'])) return
  console.log('Installing redis-server for the tests…')
  aptInstall('redis-server')
}
