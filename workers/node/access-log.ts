import type { Counter } from '@opentelemetry/api'
import sonicBoom from 'sonic-boom'
import { systemTimers } from '../../src/model/clock.node.ts'
import { type AccessLogEntry, formatAccessLog } from '../../src/telemetry/access-log.ts'
import { LineBuffer } from '../../src/telemetry/line-buffer.node.ts'

/** Where each answered request leaves a line. */
export interface AccessLog {
  /** Undefined: nobody reads one. */
  readonly write: ((entry: AccessLogEntry) => void) | undefined
  close(): Promise<void>
}

const FLUSH_MS = 200
const GATHER_BYTES = 65_536
/** So much is written to a pipe at once or not at all (POSIX: PIPE_BUF): lines of several processes stay apart. */
const PIPE_BYTES = 4096
const MAX_WAITING_BYTES = 16 * 1024 * 1024

export interface AccessLogTarget {
  /** `off`, `stdout`, or the path of a file. */
  readonly accessLog: 'off' | 'stdout' | (string & {})
  /** Others write to the same standard output. */
  readonly sharesStdout?: boolean
}

/** Opens the access log. What cannot be written is counted in `dropped`. */
export function openAccessLog(
  { accessLog: target, sharesStdout = false }: AccessLogTarget,
  dropped: Counter,
): AccessLog {
  if (target === 'off') return { write: undefined, close: async () => {} }
  const isShared = sharesStdout && target === 'stdout'
  const stream = new sonicBoom.SonicBoom({
    ...(target === 'stdout' ? { fd: 1 } : { dest: target, mkdir: true }),
    sync: false,
    maxLength: MAX_WAITING_BYTES,
    ...(isShared && { maxWrite: PIPE_BYTES }),
  })
  stream.on('drop', (lines: string) => dropped.add(lines.split('\n').length - 1))
  // A log that cannot be written must not end the process: its lines pile up to the bound, then are dropped.
  stream.once('error', (error: Error) => process.stderr.write(`Cannot write access log: ${error.message}\n`))
  stream.on('error', () => {})
  // Each write goes through the thread pool: a line is too little for it.
  const options = {
    timers: systemTimers,
    maxBytes: isShared ? PIPE_BYTES : GATHER_BYTES,
    flushMs: FLUSH_MS,
  }
  const buffer = new LineBuffer((lines) => void stream.write(lines), options)
  let isOpen = true
  return {
    write: (entry) => {
      if (isOpen) buffer.add(formatAccessLog(entry))
    },
    close: () => {
      isOpen = false
      buffer.flush()
      return new Promise((resolve) => {
        stream.once('close', resolve)
        stream.end()
      })
    },
  }
}
