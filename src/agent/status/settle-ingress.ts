import type { Random, Timers } from '../../model/clock.ts'
import type { LoadBalancerIngress, Service } from '../../model/objects/service.ts'
import { pause } from '../../model/pause.ts'
import type { KubeApi } from '../cluster/kube-api.ts'
import { isStatus } from '../cluster/kube-error.ts'
import { ingressOf, ingressPatch, isSameIngress, readService, statusPath } from './ingress.ts'

/** How often a write that another came before is tried again at once. */
const MAX_CONFLICTS = 5
const CONFLICT_MS = 50

export interface SettleParts {
  readonly api: Pick<KubeApi, 'send'>
  readonly timers: Timers
  readonly random: Random
  readonly isOurs: (service: Service) => boolean
}

/**
 * Reads a Service, judges it as it is there, and writes its status where that is not as wanted; again when another wrote
 * in between.
 * @param wanted asked anew each time
 * @returns what was written; undefined when nothing was to be
 * @throws KubeError
 */
export async function settleIngress(
  service: Service,
  wanted: () => readonly LoadBalancerIngress[],
  { api, timers, random, isOurs }: SettleParts,
  signal: AbortSignal,
): Promise<Service | undefined> {
  const path = statusPath(service)
  const patch = async (body: object) => readService(await api.send(path, { method: 'PATCH', body }, signal))
  for (let conflicts = 0; ; conflicts++) {
    // A patch of nothing reads it, and needs no right of its own.
    const found = await patch({})
    // Another under the same name, or no longer of our class: the watch will tell.
    if (found?.service.meta.uid !== service.meta.uid || !isOurs(found.service)) return undefined
    const ingress = wanted()
    if (isSameIngress(ingressOf(found.service), ingress)) return undefined
    if (ingress.length === 0 && !found.isWrittenByUs) return undefined
    try {
      return (await patch(ingressPatch(found.version, ingress)))?.service
    } catch (error) {
      if (!isStatus(error, 409) || conflicts === MAX_CONFLICTS) throw error
    }
    await pause(CONFLICT_MS * 2 ** conflicts * (0.5 + random() / 2), timers, signal)
  }
}
