// Loaded before the program (NODE_OPTIONS=--import): on SIGUSR2 the wall clock is set, by as many milliseconds as the file
// says. Clocks that only count are left alone, as the system leaves them.
import { readFileSync } from 'node:fs'

const now = Date.now.bind(Date)
let shiftMs = read()
Date.now = () => now() + shiftMs
process.on('SIGUSR2', () => {
  shiftMs = read()
  process.stderr.write(`clock set by ${shiftMs} ms\n`)
})

function read(): number {
  return Number(readFileSync(process.env.POSTERN_TEST_CLOCK ?? '', 'utf8'))
}
