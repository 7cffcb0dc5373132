// Writes biome.json: the import laws of docs/design.md §7 are a table here, and one override a room there.
import { writeFileSync } from 'node:fs'

/** Which rooms each room may import. */
const may: Readonly<Record<string, readonly string[]>> = {
  model: [],
  compile: ['model'],
  source: ['model'],
  registry: ['model'],
  agent: ['compile', 'source', 'registry', 'model', 'telemetry'],
  relay: ['registry', 'model'],
  identity: ['model'],
  route: ['model'],
  policy: ['model'],
  balance: ['model'],
  health: ['model'],
  limits: ['model'],
  tls: ['model'],
  wire: ['model'],
  forward: ['model', 'wire'],
  gateway: [
    ...['registry', 'identity', 'route', 'policy', 'balance', 'health', 'limits', 'tls', 'wire', 'forward'],
    ...['telemetry', 'model'],
  ],
  console: ['gateway', 'model'],
  telemetry: ['model'],
  cli: ['compile', 'source', 'gateway', 'identity', 'registry', 'model'],
}
const NODE_ROOMS = ['agent', 'cli']

const PARAMETER = 'Time, timers and the process are parameters outside Node files (docs/design.md §7).'
const bannedGlobals = Object.fromEntries(
  ['Date', 'setTimeout', 'setInterval', 'setImmediate', 'process', 'Buffer', 'performance'].map((name) => [
    name,
    PARAMETER,
  ]),
)

const rooms = Object.keys(may)
const noNode = {
  group: ['**/*.node.ts', 'node:*', 'node:*/**'],
  message: 'Node code is joined in *.node.ts files, agent, cli and workers/node only.',
}

function law(room: string) {
  const allowed = may[room] ?? []
  return {
    group: rooms
      .filter((other) => other !== room && !allowed.includes(other))
      .map((other) => `**/${other}/**`),
    message: `Imports go downward only: ${room} may import ${allowed.join(', ') || 'nothing of ours'} (docs/design.md §7).`,
  }
}

function restrictImports(includes: readonly string[], patterns: readonly object[]) {
  return {
    includes,
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options: { patterns } } } } },
  }
}

const config = {
  $schema: './node_modules/@biomejs/biome/configuration_schema.json',
  vcs: { enabled: true, clientKind: 'git', useIgnoreFile: true },
  files: { includes: ['**', '!package-lock.json', '!test/fixtures', '!docs'] },
  formatter: { indentStyle: 'space', indentWidth: 2, lineWidth: 110 },
  javascript: {
    formatter: {
      quoteStyle: 'single',
      semicolons: 'asNeeded',
      trailingCommas: 'all',
      arrowParentheses: 'always',
    },
  },
  assist: { actions: { source: { organizeImports: 'on' } } },
  linter: {
    rules: {
      preset: 'recommended',
      suspicious: { noExplicitAny: 'error' },
      style: { noNonNullAssertion: 'error' },
    },
  },
  overrides: [
    { includes: ['biome.json'], formatter: { enabled: false } },
    {
      includes: ['src/**', '!src/**/*.node.ts', '!src/agent/**', '!src/cli/**'],
      linter: {
        rules: {
          style: { noRestrictedGlobals: { level: 'error', options: { deniedGlobals: bannedGlobals } } },
        },
      },
    },
    { includes: ['src/**', '!src/**/*.node.ts'], plugins: ['./infra/lint/no-math-random.grit'] },
    ...rooms.map((room) =>
      restrictImports([`src/${room}/**`], NODE_ROOMS.includes(room) ? [law(room)] : [law(room), noNode]),
    ),
    ...rooms
      .filter((room) => !NODE_ROOMS.includes(room))
      .map((room) => restrictImports([`src/${room}/**/*.node.ts`], [law(room)])),
  ],
}

/** One line for each member at the top, and for each override. */
function print(value: object): string {
  const members = Object.entries(value).map(([key, member]) =>
    Array.isArray(member) && key === 'overrides'
      ? `  "overrides": [\n${member.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`
      : `  ${JSON.stringify(key)}: ${JSON.stringify(member)}`,
  )
  return `{\n${members.join(',\n')}\n}\n`
}

writeFileSync(new URL('../../biome.json', import.meta.url), print(config))
