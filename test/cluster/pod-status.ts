import type { Pod } from './objects.ts'

export interface PodState {
  readonly address: string
  readonly hostAddress: string
  readonly isReady: boolean
  /** RFC 3339. */
  readonly startedAt: string
  /** Since when it is ready, or is not. RFC 3339. */
  readonly readyChangedAt: string
}

/** A merge patch of the status subresource, as a kubelet would leave it. */
export function statusPatch({ metadata, spec }: Pod, state: PodState): object {
  const { address, hostAddress, isReady, startedAt, readyChangedAt } = state
  return {
    // Refused where the name belongs to another Pod by now.
    metadata: { uid: metadata.uid },
    status: {
      phase: 'Running',
      hostIP: hostAddress,
      hostIPs: [{ ip: hostAddress }],
      podIP: address,
      podIPs: [{ ip: address }],
      startTime: startedAt,
      conditions: [
        condition('PodScheduled', true, startedAt),
        condition('Initialized', true, startedAt),
        condition('ContainersReady', isReady, readyChangedAt),
        condition('Ready', isReady, readyChangedAt),
      ],
      containerStatuses: spec.containers.map(({ name, image }) => ({
        name,
        image,
        imageID: '',
        ready: isReady,
        started: true,
        restartCount: 0,
        state: { running: { startedAt } },
      })),
    },
  }
}

function condition(type: string, holds: boolean, lastTransitionTime: string): object {
  return { type, status: holds ? 'True' : 'False', lastTransitionTime }
}
