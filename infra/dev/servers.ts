import { aptInstall, succeeds } from './apt.ts'

/** Debian packages of the programs that the tests start, and how to ask whether they are there. */
const servers = [
  { name: 'redis-server', ask: ['redis-server', '--version'] },
  { name: 'haproxy', ask: ['haproxy', '-v'] },
  { name: 'openssl', ask: ['openssl', 'version'] },
  { name: 'dnsmasq-base', ask: ['dnsmasq', '--version'] },
] as const

/** Real servers for the tests, from PATH or, where that is allowed, from Debian. */
export function installServers(): void {
  for (const { name, ask } of servers) {
    if (succeeds(ask)) continue
    console.log(`Installing ${name} for the tests…`)
    aptInstall(name)
  }
}
