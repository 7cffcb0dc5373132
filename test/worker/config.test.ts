import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig } from '../../workers/cloudflare/config.ts'
import { keyBindings, keyFiles, signingKey, trustedKeys } from '../support/keys.ts'

const sealingKeys = readFileSync(keyFiles.gateways, 'utf8')

test('a relay and the keys of its agents are all that has to be given', () => {
  expect(parseConfig({ RELAY_URL: 'https://relay.test', ...keyBindings })).toMatchObject({
    ok: true,
    config: {
      TRUSTED_KEYS: trustedKeys,
      UNSIGNED: 'off',
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
    SEALING_KEYS: '{"kty":"OKP","crv":"X25519","x":"a secret"}',
  })
  if (parsed.ok) throw new Error('it was taken')
  for (const name of [
    'RELAY_URL',
    'RELAY_TOKEN',
    'REFRESH',
    'NODE_HOST',
    'TRUSTED_PROXIES',
    'STATUS_TOKEN',
    'TRUSTED_KEYS',
    'SEALING_KEYS',
  ]) {
    expect(parsed.faults.join('\n')).toContain(`Cannot read variable ${name}: `)
  }
  expect(parsed.faults.join('\n')).not.toContain('a secret')
})

test.each([
  ['nothing of it', {}, 'needed (postern keys make), or else UNSIGNED = "on", and not both'],
  ['both', { ...keyBindings, UNSIGNED: 'on' }, 'and not both'],
  ['a private key', { TRUSTED_KEYS: JSON.stringify(signingKey.jwk) }, 'key 1: it is a private key'],
  [
    'a key to seal with',
    { TRUSTED_KEYS: sealingKeys },
    'key 1: it is of curve X25519, and Ed25519 is needed',
  ],
])('whose records are taken has to be said, and not by %s', (_what, variables, why) => {
  const parsed = parseConfig({ RELAY_URL: 'https://relay.test', ...variables })
  expect(parsed).toEqual({
    ok: false,
    faults: [expect.stringMatching(/^Cannot read variable TRUSTED_KEYS: /)],
  })
  if (!parsed.ok) expect(parsed.faults.join()).toContain(why)
})
