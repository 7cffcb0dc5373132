// Loaded into a measured process before its program: at SIGUSR2 it says what its heap holds after a collection.
import { writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

process.on('SIGUSR2', () => {
  if (typeof collect === 'function') collect()
  writeSync(2, `heap ${process.memoryUsage().heapUsed} bytes\n`)
})
