import { counted } from '../model/counted.ts'
import { isPodReady, type Pod, podAddresses } from '../model/objects/pod.ts'
import { compareText } from '../model/problem.ts'

const SHOWN = 3
const MESSAGE_CHARS = 200

/** Why Pods are not ready, as far as they tell: `2 Pods: container app: CrashLoopBackOff`. '' when they tell nothing. */
export function describeTrouble(pods: readonly Pod[]): string {
  const counts = new Map<string, number>()
  for (const pod of pods) {
    const reason = troubleOf(pod)
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || compareText(a, b))
    .slice(0, SHOWN)
    .map(([reason, count]) => `${counted(count, 'Pod')}: ${reason}`)
    .join('; ')
}

function troubleOf(pod: Pod): string | undefined {
  if (isPodReady(pod)) return undefined
  const { conditions, containerStatuses, phase } = pod.status
  if (pod.meta.deletionTimestamp !== undefined) return 'terminating'
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    return `not scheduled${scheduled.message ? `: ${scheduled.message.slice(0, MESSAGE_CHARS)}` : ''}`
  }
  if (phase === 'Failed' || phase === 'Succeeded') return `has ended (${phase})`
  // What waits comes first: an unready container beside it is most often only waiting for it.
  const idle = containerStatuses.find(({ state }) => state.waiting !== undefined)
  if (idle !== undefined) return `container ${idle.name}: ${idle.state.waiting?.reason || 'waiting'}`
  const [unready] = containerStatuses
  if (unready !== undefined) return `container ${unready.name} runs, but its readiness probe does not pass`
  const areReady = conditions.some(({ type, status }) => type === 'ContainersReady' && status === 'True')
  if (areReady) return 'its containers are ready, but a readiness gate is not met'
  return podAddresses(pod).length === 0 ? 'has no address yet' : undefined
}
