import type { IncomingHttpHeaders } from 'node:http'
import type { TestRequest, TestResponse } from '../support/http.ts'
import { type Difference, differencesOf, type ShellName } from './gateway-differences.ts'

export type ShellRequest = Omit<TestRequest, 'port'>

/** An answer whose body is still to come. */
export interface OpenResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** What came next; undefined at the end. Rejects when the answer was cut. */
  next(): Promise<string | undefined>
  /** The client goes away. */
  leave(): void
}

/** A gateway over the table of a manifest, however it is run. */
export interface RunningShell {
  send(request?: ShellRequest): Promise<TestResponse>
  /** @param upload the body, part by part; the request ends when it does */
  open(request?: ShellRequest, upload?: AsyncIterable<string>): Promise<OpenResponse>
  /** Where it listens; undefined when requests are handed to it in this process. */
  readonly port: number | undefined
  publish(yaml: string): Promise<void>
  close(): Promise<void>
}

export interface Shell {
  readonly name: ShellName
  start(yaml: string): Promise<RunningShell>
}

/** Closes what a test has opened, last first. */
export type Closers = (() => Promise<void> | void)[]

export interface ShellCase {
  differs(difference: Difference): boolean
  start(yaml: string): Promise<RunningShell>
  readonly closers: Closers
}

export function caseOf({ name, start }: Shell): ShellCase {
  const closers: Closers = []
  return {
    closers,
    differs: (difference) => differencesOf[name].has(difference),
    start: async (yaml) => {
      const running = await start(yaml)
      closers.push(() => running.close())
      return running
    },
  }
}
