import { waitFor } from '../cluster/wait-for.ts'
import { type PosternProcess, startPostern } from './postern-process.ts'

export interface RelayProcessOptions {
  readonly redis: string
  readonly token: string
  /** Kept over restarts. */
  readonly port: number
}

/** `postern relay` as a process of its own, on a port that whoever reads it knows already. */
export async function startRelayOn({ redis, token, port }: RelayProcessOptions): Promise<PosternProcess> {
  const listen = ['--listen', `127.0.0.1:${port}`, '--console', '127.0.0.1:0']
  const relay = startPostern(['relay', '--redis', redis, '--token', token, ...listen])
  await waitFor(
    'the relay to listen',
    () => relay.said(),
    (text) => text.includes('postern: relay of cluster'),
  )
  return relay
}
