// Runs a TypeScript file on the project's own Node, installing what is missing first. Plain JavaScript for Node >= 20.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const isWindows = process.platform === 'win32'
const node = join(bin, isWindows ? 'node.cmd' : 'node')
const stamp = join(root, 'node_modules', '.postern-lock')

install()
run(process.argv.slice(2))

function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === lock) return
  console.error('Installing the dependencies (npm ci)…')
  // Errors only: npm warns of engines by the Node it runs on, and the programs run on the project's own.
  const result = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // Standard output belongs to the program that is started.
    stdio: ['ignore', 2, 2],
    shell: isWindows,
  })
  if (result.status !== 0 || !existsSync(node)) {
    console.error(
      `Cannot install the dependencies: ${result.error?.message ?? `npm ci ended with ${result.status}`}`,
    )
    process.exit(1)
  }
  writeFileSync(stamp, `${lock}\n`)
}

function run(args) {
  const child = spawn(node, args, {
    stdio: 'inherit',
    shell: isWindows,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
  })
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`Cannot start ${node}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) =>
    process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15)),
  )
}
