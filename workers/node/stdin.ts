import { text } from 'node:stream/consumers'

let once: Promise<string> | undefined

/** All of standard input; the same text however often it is asked for, since it can be read only once. */
export function readStdin(): Promise<string> {
  once ??= text(process.stdin)
  return once
}
