import { parseCommandLine } from '../../src/cli/command-line.ts'
import type { Config } from '../../src/cli/config.ts'
import { VERSION } from './version.ts'

/** The command line: parse, then hand over to the command. */
async function main(): Promise<number> {
  const line = parseCommandLine(process.argv.slice(2), process.env, VERSION)
  switch (line.type) {
    case 'help':
      process.stdout.write(line.text)
      return 0
    case 'faults':
      for (const fault of line.faults) console.error(`postern: ${fault}`)
      console.error('postern: see --help')
      return 2
    case 'run':
      return run(line.config)
  }
}

/** SDKs and servers are loaded only by the command that needs them. */
async function run(config: Config): Promise<number> {
  switch (config.command) {
    case 'check':
    case 'routes':
      return (await import('./inspect.ts')).runInspect(config)
    case 'names':
      return (await import('./names.ts')).runNames(config)
    case 'roles':
      return (await import('./roles.ts')).runRoles(config)
    case 'explain':
      return exit(await (await import('./explain.ts')).runExplain(config))
    case 'env':
      return (await import('./names.ts')).runEnv(config)
    case 'keys':
      return (await import('./keys.ts')).runKeys(config)
    case 'up':
      return exit(await (await import('./up.ts')).runUp(config))
    case 'agent':
      return exit(await (await import('./agent.ts')).runAgent(config))
    case 'gateway':
      return exit(await (await import('./gateway.ts')).runGateway(config))
    case 'relay':
      return exit(await (await import('./relay.ts')).runRelay(config))
  }
}

/** An exporter whose collector is away would keep the process for its retries. */
function exit(code: number): never {
  process.exit(code)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`postern: ${error instanceof Error ? error.message : error}`)
  // What had been started would keep the process.
  process.exit(1)
}
