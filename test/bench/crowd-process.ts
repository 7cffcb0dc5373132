import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import * as v from 'valibot'
import { loadCore } from './peer.ts'

const arrivalSchema = v.object({ at: v.pipe(v.string(), v.digits()), bytes: v.number() })

export interface Arrival {
  /** When the last follower had an entry: ns of the monotonic clock. */
  readonly at: bigint
  /** What all of them received for it. */
  readonly bytes: number
}

export interface CrowdOptions {
  readonly port: number
  readonly token: string
  readonly count: number
  /** Position to follow from. */
  readonly after: string
}

/** So many followers of a relay, in a process beside it. */
export class Crowd {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start({ port, token, count, after }: CrowdOptions): Promise<Crowd> {
    const script = join(import.meta.dirname, 'crowd.ts')
    const command = ['-c', String(loadCore), process.execPath, script, `${port}`, `${count}`, token, after]
    const crowd = new Crowd(spawn('taskset', command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
    await crowd.#message()
    return crowd
  }

  /** The next entry that all have: ask before it is published. */
  async arrival(): Promise<Arrival> {
    const { at, bytes } = v.parse(arrivalSchema, await this.#message())
    return { at: BigInt(at), bytes }
  }

  close(): void {
    this.#child.removeAllListeners('exit')
    this.#child.kill('SIGKILL')
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('Cannot go on: a follower was cut off'))
      this.#child.once('exit', onExit)
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit)
        resolve(message)
      })
    })
  }
}
