import { parseAddress } from './address-values.ts'
import { parseLeaderElection, parseLeaseDuration, parseObjectName } from './election-values.ts'
import { flag, optionalFlag, secretFlag, switchFlag } from './flag.ts'
import { parseGatewayAddresses } from './gateway-addresses.ts'
import { parseKeyFiles } from './key-values.ts'
import { parseHttpUrl, parseName, parseRedisUrl, parseText } from './values.ts'

/** Where records, and the cluster that they are of, are read and written. */
export const registryFlags = {
  cluster: flag('cluster', 'NAME', 'default', "this cluster's name", parseName),
  redis: {
    ...optionalFlag(
      'redis',
      'URL',
      ['POSTERN_REDIS'],
      'the registry: redis://…, redis+sentinel://… or redis+cluster://…; rediss for TLS',
      parseRedisUrl,
    ),
    // It may hold a password.
    isSecret: true,
  },
  redisCa: optionalFlag(
    'redis-ca',
    'FILE',
    ['POSTERN_REDIS_CA'],
    "who signed that Redis's certificate; by default the system's authorities",
    parseText,
  ),
  redisCert: optionalFlag(
    'redis-cert',
    'FILE',
    ['POSTERN_REDIS_CERT'],
    'our own certificate for that Redis',
    parseText,
  ),
  redisKey: optionalFlag(
    'redis-key',
    'FILE',
    ['POSTERN_REDIS_KEY'],
    'the key of that certificate',
    parseText,
  ),
  limitsRedis: {
    ...optionalFlag(
      'limits-redis',
      'URL',
      ['POSTERN_LIMITS_REDIS'],
      'the Redis in which gateways count shared rate limits together, by a user of its own; by default that of the registry, if it is one',
      parseRedisUrl,
    ),
    // It may hold a password.
    isSecret: true,
  },
  relayUrl: optionalFlag(
    'relay-url',
    'URL',
    ['POSTERN_RELAY_URL'],
    'the registry through a relay: https://… or http://…',
    parseHttpUrl,
  ),
  relayToken: secretFlag('relay-token', 'TOKEN|@FILE', 'opens that relay'),
  redisRest: optionalFlag(
    'redis-rest',
    'URL',
    ['POSTERN_REDIS_REST'],
    'the registry in a Redis that speaks REST: https://… or http://…',
    parseHttpUrl,
  ),
  redisRestToken: secretFlag('redis-rest-token', 'TOKEN|@FILE', 'opens that Redis'),
  signingKey: optionalFlag(
    'signing-key',
    'FILE',
    ['POSTERN_SIGNING_KEY'],
    'the private Ed25519 key (JSON Web Key or PEM) that records are signed with',
    parseText,
  ),
  trustedKeys: {
    ...flag(
      'trusted-keys',
      '[CLUSTER=]FILE,…',
      '',
      'public keys (JSON Web Key Set or PEM) of the agents whose records are taken, perhaps of one cluster only; repeatable',
      parseKeyFiles,
    ),
    isRepeatable: true,
  },
  unsigned: switchFlag('unsigned', 'do without signatures: whoever can write to the registry decides then'),
  gatewayKeys: optionalFlag(
    'gateway-keys',
    'FILE',
    ['POSTERN_GATEWAY_KEYS'],
    'public X25519 keys (JSON Web Key Set or PEM) of the gateways, to which secrets are sealed; without them no secret is published',
    parseText,
  ),
  sealingKeys: optionalFlag(
    'sealing-key',
    'FILE',
    ['POSTERN_SEALING_KEY'],
    'the private X25519 keys (JSON Web Key Set or PEM) that open what is sealed to the gateways; several while one is being changed',
    parseText,
  ),
  keysNamespace: flag('namespace', 'NAME', 'postern', 'where the Secrets with the keys are', parseName),
  rotate: optionalFlag(
    'rotate',
    'FILE|-',
    ['POSTERN_ROTATE'],
    'the Secrets as they are: new keys beside those in use',
    parseText,
  ),
  retire: optionalFlag(
    'retire',
    'FILE|-',
    ['POSTERN_RETIRE'],
    'the Secrets as they are: the newest keys alone',
    parseText,
  ),
  keys: optionalFlag('keys', 'FILE|-', ['POSTERN_KEYS'], 'the Secrets whose keys are printed', parseText),
  serveRelay: optionalFlag(
    'serve-relay',
    'HOST:PORT',
    ['POSTERN_SERVE_RELAY'],
    'be a relay too: serve the registry over HTTP there',
    parseAddress,
  ),
  tokens: secretFlag('token', 'TOKEN,…|@FILE', 'opens this relay; several while one is being changed'),
  kubeconfig: optionalFlag(
    'kubeconfig',
    'FILE',
    ['POSTERN_KUBECONFIG'],
    'how to reach the cluster (for the agent, by default: from inside it, or $KUBECONFIG)',
    parseText,
  ),
  leaderElection: flag(
    'leader-election',
    'lease|off',
    'lease',
    'whether agents elect the one that publishes; off for an agent that is alone for certain',
    parseLeaderElection,
  ),
  lease: optionalFlag(
    'lease',
    'NAMESPACE/NAME',
    ['POSTERN_LEASE'],
    "the Lease that agents elect by; by default postern-agent in the agent's own namespace",
    parseObjectName,
  ),
  leaseDurationMs: flag(
    'lease-duration',
    'DURATION',
    '10s',
    'after which silence of the leader another agent takes over; itself it stops after two thirds of it',
    parseLeaseDuration,
  ),
  gateway: optionalFlag(
    'gateway',
    'URL',
    ['POSTERN_GATEWAY'],
    'the console of a running gateway, which is asked: http://127.0.0.1:9080',
    parseHttpUrl,
  ),
  gatewayToken: secretFlag('gateway-token', 'TOKEN|@FILE', 'opens the console of that gateway'),
  gatewayAddresses: {
    ...flag(
      'gateway-address',
      'ADDRESS|HOSTNAME',
      '',
      'where the gateways are reached: what the status of LoadBalancer Services of our class tells; repeatable',
      parseGatewayAddresses,
    ),
    isRepeatable: true,
  },
} as const
