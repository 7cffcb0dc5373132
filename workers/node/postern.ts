import type { Config } from '../../src/cli/config.ts'
import { parseCommandLine } from '../../src/cli/config.ts'
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
  if (config.command === 'up') {
    const code = await (await import('./up.ts')).runUp(config)
    // An exporter whose collector is away would keep the process for its retries.
    process.exit(code)
  }
  return (await import('./inspect.ts')).runInspect(config)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`postern: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
