import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseCommandLine } from '../../src/cli/command-line.ts'
import { commands } from '../../src/cli/commands.ts'
import type { Config } from '../../src/cli/config.ts'
import { flags } from '../../src/cli/flags.ts'
import { createHealth } from '../../src/console/app.ts'
import { parseDuration } from '../../src/model/duration.ts'
import { type Container, deployments, manifestOf, readInfra } from './manifests.ts'

const texts = v.record(v.string(), v.string())
const secret = manifestOf('Secret', 'postern-redis', v.object({ stringData: texts })).stringData

/** As the program itself reads them; a variable that its command does not know is a fault too. */
function configOf(args: readonly string[], env: Readonly<Record<string, string>>): Config {
  const line = parseCommandLine(args, env, 'test')
  if (line.type !== 'run') throw new Error(JSON.stringify(line))
  const known: readonly string[] = commands[line.config.command].flags.flatMap((id) => flags[id].env)
  expect(known).toEqual(expect.arrayContaining(Object.keys(env)))
  return line.config
}

function envOf({ env }: Container): Record<string, string> {
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => {
      if (valueFrom !== undefined && 'fieldRef' in valueFrom) return [name, 'node-1']
      const key = valueFrom?.secretKeyRef.key ?? ''
      if (valueFrom !== undefined) expect(valueFrom.secretKeyRef.name).toBe('postern-redis')
      return [name, value ?? secret[key] ?? `there is no ${key}`]
    }),
  )
}

const ours = deployments()
  .flatMap(({ spec }) =>
    spec.template.spec.containers.map((container) => ({ container, pod: spec.template.spec })),
  )
  .filter(({ container }) => container.image === 'postern')

describe.each(ours.map((one) => [one.container.name, one] as const))(
  'container %s',
  (name, { container, pod }) => {
    const config = configOf(container.args, envOf(container))

    test('runs the command of its name, with flags and variables that there are', () => {
      expect(config.command).toBe(name)
    })

    test('listens where its ports say, for others than itself', () => {
      const listened = [
        ...('listen' in config ? [['http', config.listen] as const] : []),
        ...('console' in config ? [['console', config.console] as const] : []),
      ]
      expect(listened).toEqual(
        container.ports.map(({ name, containerPort }) => [name, { host: '0.0.0.0', port: containerPort }]),
      )
    })

    test('is asked for its health where that is answered', async () => {
      const view = { isReady: () => true, notReadyReason: () => '', metrics: async () => '' }
      const app = createHealth(view, name)
      for (const { httpGet } of [container.readinessProbe, container.livenessProbe]) {
        expect(httpGet?.port).toBe('console')
        expect((await app.request(httpGet?.path ?? '/missing')).status).toBe(200)
      }
    })

    test('is given the time that it needs to stop', () => {
      const needsMs = 'drainDelayMs' in config ? config.drainDelayMs + config.drainTimeoutMs : 0
      expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(needsMs)
    })
  },
)

describe('users of Redis', () => {
  const acl = readInfra('redis/users.acl')

  test('are the same in a cluster as in the file', () => {
    expect(secret['users.acl']).toBe(acl)
  })

  test.each(['agent', 'gateway'])('%s: its URL has the password of its user', (user) => {
    const { username, password, hostname, port } = new URL(secret[`${user}-url`] ?? '')
    expect([username, hostname, port]).toEqual([user, 'postern-redis', '6379'])
    expect(acl).toMatch(new RegExp(`^user ${user} on >${password} `, 'm'))
  })
})

describe('compose.yaml', () => {
  const serviceSchema = v.object({
    image: v.string(),
    user: v.optional(v.string()),
    command: v.array(v.string()),
    environment: v.optional(texts, {}),
    read_only: v.optional(v.boolean()),
    cap_drop: v.optional(v.array(v.string())),
    security_opt: v.optional(v.array(v.string())),
    stop_grace_period: v.optional(v.string(), '10s'),
    ports: v.optional(v.array(v.string()), []),
  })
  const composeSchema = v.object({ services: v.record(v.string(), serviceSchema) })
  const { services } = v.parse(composeSchema, parse(readInfra('docker/compose.yaml'), { merge: true }))
  const parts = Object.entries(services).filter(([, { image }]) => image === 'postern')

  test('runs an agent and two gateways', () => {
    expect(parts.map(([name]) => name)).toEqual(['agent', 'gateway-a', 'gateway-b'])
  })

  test.each(parts)('%s runs with flags that there are, on the ports that are published', (_name, part) => {
    const env = Object.entries(part.environment).map(([name, value]) => [
      name,
      value.replace(/\$\{\w+:-(.*)\}/, '$1'),
    ])
    const config = configOf(part.command, Object.fromEntries(env))
    const listened = [
      ...('listen' in config ? [config.listen] : []),
      ...('console' in config ? [config.console] : []),
    ]
    expect(listened).toEqual(
      part.ports.map((port) => ({ host: '0.0.0.0', port: Number(port.split(':').at(-1)) })),
    )
    const needsMs = 'drainDelayMs' in config ? config.drainDelayMs + config.drainTimeoutMs : 0
    expect(parseDuration(part.stop_grace_period)).toBeGreaterThan(needsMs)
  })

  test.each(parts)('%s has no privilege, and cannot write to its image', (_name, part) => {
    expect(part).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
  })

  test('the agent is whoever may read the kubeconfig, which is private to its owner', () => {
    expect(services.agent?.user).toMatch(/^\$\{POSTERN_USER:/)
  })
})
