import { expect, test } from 'vitest'
import { parseRedisAddress } from '../../src/registry/redis/address.ts'

const plain = {
  shape: 'single',
  isTls: false,
  username: undefined,
  password: undefined,
  db: 0,
  master: '',
  sentinelUsername: undefined,
  sentinelPassword: undefined,
}

test.each([
  ['redis://redis', { ...plain, nodes: [{ host: 'redis', port: 6379 }] }],
  ['redis://redis:6380/3', { ...plain, nodes: [{ host: 'redis', port: 6380 }], db: 3 }],
  ['redis://redis/', { ...plain, nodes: [{ host: 'redis', port: 6379 }] }],
  ['rediss://[::1]:6380', { ...plain, isTls: true, nodes: [{ host: '::1', port: 6380 }] }],
  [
    'redis://us%40er:p%3Aw%2F@redis',
    { ...plain, nodes: [{ host: 'redis', port: 6379 }], username: 'us@er', password: 'p:w/' },
  ],
  ['redis://:pw@redis', { ...plain, nodes: [{ host: 'redis', port: 6379 }], password: 'pw' }],
  [
    'redis+sentinel://u:p@s1,s2:26380/mymaster/2?sentinel-user=su&sentinel-password=s%26p',
    {
      ...plain,
      shape: 'sentinel',
      nodes: [
        { host: 's1', port: 26379 },
        { host: 's2', port: 26380 },
      ],
      username: 'u',
      password: 'p',
      db: 2,
      master: 'mymaster',
      sentinelUsername: 'su',
      sentinelPassword: 's&p',
    },
  ],
  [
    'rediss+cluster://n1,n2:7001',
    {
      ...plain,
      shape: 'cluster',
      isTls: true,
      nodes: [
        { host: 'n1', port: 6379 },
        { host: 'n2', port: 7001 },
      ],
    },
  ],
])('%s', (url, address) => {
  expect(parseRedisAddress(url)).toEqual({ ok: true, address })
})

test.each([
  ['http://redis', 'not a redis://'],
  ['redis://', 'not a redis://'],
  ['redis+other://redis', 'not a redis://'],
  ['redis://redis:0', 'a host is not HOST or HOST:PORT'],
  ['redis://redis:65536', 'a host is not HOST or HOST:PORT'],
  ['redis+cluster://a,,b', 'a host is not HOST or HOST:PORT'],
  ['redis://a,b', 'several hosts'],
  ['redis://redis/x', 'the database is not a number'],
  ['redis://redis/1/2', 'the database is not a number'],
  ['redis+sentinel://s1', 'does not name the master'],
  ['redis+sentinel://s1/', 'does not name the master'],
  ['redis+sentinel://s1/%', 'does not name the master'],
  ['redis+cluster://a/1', 'a cluster has no database but 0'],
  ['redis://redis?family=6', 'nothing is known behind its ?'],
  ['redis+sentinel://s1/m?sentinel-pasword=x', 'nothing is known behind its ?'],
  ['redis://u:%zz@redis', 'the user or password is not percent-encoded'],
])('%s is refused', (url, reason) => {
  expect(parseRedisAddress(url)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
})
