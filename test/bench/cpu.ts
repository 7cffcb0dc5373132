import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What a process and its descendants have used so far. */
export interface TreeUsage {
  readonly userMicros: number
  readonly systemMicros: number
  readonly rssBytes: number
}

/** The fields of /proc/PID/stat that the bench reads, in the kernel's units. */
export interface ProcessStat {
  readonly pid: number
  readonly parent: number
  readonly userTicks: number
  readonly systemTicks: number
  readonly rssPages: number
}

/** Parses a line of /proc/PID/stat. The name may hold spaces and brackets: fields count from its last `)`. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3]) // numbered as in proc(5)
  const stat = {
    pid: Number.parseInt(line, 10),
    parent: field(4),
    userTicks: field(14),
    systemTicks: field(15),
    rssPages: field(24),
  }
  if (Object.values(stat).some(Number.isNaN))
    throw new Error(`Cannot parse /proc/PID/stat: ${JSON.stringify(line)}`)
  return stat
}

/** Reads the usage of a process tree from /proc. */
export function readTreeUsage(root: number): TreeUsage {
  const tree = treeOf(root, readStats())
  if (tree.length === 0) throw new Error(`Cannot read the usage of process ${root}: it has ended`)
  const sum = (of: (stat: ProcessStat) => number) => tree.reduce((total, stat) => total + of(stat), 0)
  return {
    userMicros: (sum((stat) => stat.userTicks) * 1e6) / ticksPerSecond,
    systemMicros: (sum((stat) => stat.systemTicks) * 1e6) / ticksPerSecond,
    rssBytes: sum((stat) => stat.rssPages) * bytesPerPage,
  }
}

/** The process and its descendants. */
export function treeOf(root: number, stats: readonly ProcessStat[]): ProcessStat[] {
  const own = stats.filter((stat) => stat.pid === root)
  const children = stats.filter((stat) => stat.parent === root)
  return [...own, ...children.flatMap((child) => treeOf(child.pid, stats))]
}

function readStats(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))]
      } catch (cause) {
        // A process may end between the listing and the read.
        if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ESRCH'))
          return []
        throw cause
      }
    })
}

const ticksPerSecond = readSetting('CLK_TCK')
const bytesPerPage = readSetting('PAGESIZE')

function readSetting(name: string): number {
  return Number(execFileSync('getconf', [name], { encoding: 'utf8' }))
}
