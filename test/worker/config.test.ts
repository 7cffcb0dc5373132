import { expect, test } from 'vitest'
import { parseConfig } from '../../workers/cloudflare/config.ts'

test('a relay is all that has to be given', () => {
  expect(parseConfig({ RELAY_URL: 'https://relay.test' })).toMatchObject({
    ok: true,
    config: {
      CLUSTER: 'default',
      PODS: 'vpc',
      NETWORK_POLICY: 'enforce',
      REFRESH: 2_000,
      MAX_STALE: 3_600_000,
    },
  })
})

test('every fault is told at once, and no secret', () => {
  const parsed = parseConfig({
    RELAY_URL: 'redis://relay.test',
    REFRESH: 'soon',
    NODE_HOST: 'node.test',
    TRUSTED_PROXIES: '10.0.0.0/8,everyone',
    RELAY_TOKEN: 'a secret\r\nx: y',
    STATUS_TOKEN: '',
  })
  if (parsed.ok) throw new Error('it was taken')
  for (const name of [
    'RELAY_URL',
    'RELAY_TOKEN',
    'REFRESH',
    'NODE_HOST',
    'TRUSTED_PROXIES',
    'STATUS_TOKEN',
  ]) {
    expect(parsed.faults.join('\n')).toContain(`Cannot read variable ${name}: `)
  }
  expect(parsed.faults.join('\n')).not.toContain('a secret')
})
